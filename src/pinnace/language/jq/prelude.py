"""The functions of jq that are written in jq."""

from __future__ import annotations

from pinnace.language.jq.parser import parse_definitions

_TEXT = r"""
def map(f): [.[] | f];
def add(f): [f] | add;
def map_values(f): .[] |= f;
def in(xs): . as $key | xs | has($key);
def not: if . then false else true end;
def select(f): if f then . else empty end;

def recurse: def down: ., (.[]? | down); down;
def recurse(f): def down: ., (f | down); down;
def recurse(f; cond): def down: ., (f | select(cond) | down); down;
def walk(f):
  def each: if type == "array" then map(each) elif type == "object" then map_values(each) end | f;
  each;

def to_entries: [keys[] as $key | {key: $key, value: .[$key]}];
def from_entries:
  map({(.key // .Key // .name // .Name): if has("value") then .value else .Value end}) | add // {};
def with_entries(f): to_entries | map(f) | from_entries;

def range($end): _range(0; $end; 1);
def range($start; $end): _range($start; $end; 1);
def range($start; $end; $width): _range($start; $end; $width);
def while(cond; update): def next: if cond then ., (update | next) else empty end; next;
def until(cond; update): def next: if cond then . else update | next end; next;
def repeat(f): def next: f, next; next;

def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): _unique_by(map([f]));

def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type == ("array", "object"));
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def finites: select(isfinite);
def normals: select(isnormal);
def strings: select(type == "string");
def nulls: select(. == null);
def values: select(. != null);
def scalars: select(type as $type | $type != "array" and $type != "object");

def combinations: if length == 0 then [] else .[0][] as $first | [$first] + (.[1:] | combinations) end;
def combinations(n): [limit(n; repeat(.))] | combinations;

def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def first(f): label $done | f | ., break $done;
def isempty(f): label $done | (f | false, break $done), true;
def all(source; cond): isempty(source | select(cond | not));
def any(source; cond): isempty(source | select(cond)) | not;
def all(cond): all(.[]; cond);
def any(cond): any(.[]; cond);
def all: all(.);
def any: any(.);
def limit($n; f):
  if $n > 0 then
    label $done
    | foreach f as $each ($n; . - 1; $each, if . <= 0 then break $done else empty end)
  elif $n == 0 then empty
  else error("limit doesn't support negative count") end;
def skip($n; f):
  if $n > 0 then foreach f as $each ($n; . - 1; if . < 0 then $each else empty end)
  elif $n == 0 then f
  else error("skip doesn't support negative count") end;
def nth($n; f): if $n >= 0 then first(skip($n; f)) else error("nth doesn't support negative index") end;

def truncate_stream(f):
  . as $depth | null | f
  | if .[0] | length > $depth then .[0] |= .[$depth:] else empty end;
def fromstream(f):
  foreach f as $event (
    null;
    if .done then null end
    | $event as [$path, $leaf]
    | if $event | length == 2
      then setpath(["made"] + $path; $leaf) | .done = ($path | length == 0)
      else .done = ($path | length == 1) end;
    if .done then .made else empty end);
def tostream:
  path(def up: (.[]? | up), .; up) as $path
  | getpath($path)
  | reduce path(.[]?) as $last ([$path, .]; [$path + $last]);

def del(f): delpaths([path(f)]);
def paths: path(..) | select(. != []);
def paths(f): path(.. | select(f)) | select(. != []);
def pick(f): . as $from | reduce path(f) as $path (null; setpath($path; $from | getpath($path)));

def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%S%z") | mktime;
def todateiso8601: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdate: fromdateiso8601;
def todate: todateiso8601;

def match($re): match($re; null);
def match($re; $flags): _match($re; $flags)[];
def test($re): test($re; null);
def test($re; $flags): _test($re; $flags);
def capture($re): capture($re; null);
def capture($re; $flags): match($re; $flags) | .captures | _captures;
def scan($re): scan($re; null);
def scan($re; $flags):
  match($re; $flags + "g") | if .captures == [] then .string else [.captures[].string] end;
def split($re; $flags): [splits($re; $flags)];
def splits($re): splits($re; null);
def splits($re; $flags):
  .[foreach (match($re; $flags + "g"), null) as {$offset, $length}
      (null; {start: .next, end: $offset, next: $offset + $length})];
def sub($re; text): sub($re; text; null);
def sub($re; text; $flags):
  reduce match($re; $flags) as {$offset, $length, $captures} (
    {from: ., made: []};
    reduce ($captures | _captures | text) as $new
      (.at = 0; .made[.at] += .from[.next:$offset] + $new | .at += 1)
    | .next = $offset + $length)
  | .made[] + .from[.next:] // .from;
def gsub($re; text): sub($re; text; "g");
def gsub($re; text; $flags): sub($re; text; $flags + "g");

def INDEX(rows; key): reduce rows as $row ({}; .[$row | key | tostring] = $row);
def INDEX(key): INDEX(.[]; key);
def JOIN($index; key): [.[] | [., $index[key]]];
def JOIN($index; rows; key): rows | [., $index[key]];
def JOIN($index; rows; key; join): rows | [., $index[key]] | join;
def IN(values): any(values == .; .);
def IN(source; values): any(source == values; .);
"""

#: The functions by name and number of parameters.
DEFINITIONS = {(function.name, len(function.parameters)): function for function in parse_definitions(_TEXT)}
