"""Paths of gjson."""

from __future__ import annotations

import json

import pytest

from pinnace.language.errors import ExpressionError
from pinnace.language.gjson import text_at

SHIP = json.dumps(
    {
        "name": "Argo",
        "port.of.call": "Iolcus",
        "length": 2.50,
        "afloat": True,
        "cargo": None,
        "large": 1e21,
        "tags": ["fast", "old", "fleet"],
        "holds": [[1, 2], [], [3, [4]]],
        "crew": [
            {"name": "Jason", "age": 30, "arms": ["spear", "sword"], "captain": True},
            {"name": "Orpheus", "age": 35, "arms": [], "captain": "no"},
            {"name": "Atalanta", "age": 25, "arms": ["bow"], "captain": 0},
        ],
        "oars": {"left": 25, "right": 25},
        "log": '{"day": 1}',
    }
)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("name", "Argo"),
        ("length", "2.5"),
        ("afloat", "true"),
        ("cargo", ""),
        ("large", "1000000000000000000000"),
        ("tags.0", "fast"),
        ("tags.3", None),
        ("tags.-1", None),
        ("tags.name", None),
        ("name.deeper", None),
        ("nope", None),
        ("", None),
        (".", None),
        ("oars..left", None),
        ("oars", '{"left": 25, "right": 25}'),
    ],
)
def test_names_and_indices_lead_to_a_text_or_to_nothing(path: str, text: str | None) -> None:
    assert text_at(SHIP, path) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (r"port\.of\.call", "Iolcus"),
        ("port.of.call", None),
        ("n?me", "Argo"),
        ("*ail*", None),
        ("oars.*t", "25"),
        ("c*.0.name", "Jason"),
        ("*.right", "25"),
        (r"\name", "Argo"),
    ],
)
def test_a_star_is_any_characters_and_a_backslash_takes_a_meaning_off(path: str, text: str | None) -> None:
    assert text_at(SHIP, path) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tags.#", "3"),
        ("crew.#.name", '["Jason","Orpheus","Atalanta"]'),
        ("crew.#.arms.0", '["spear","bow"]'),
        ("crew.#.nope", "[]"),
        ("crew.#.arms|0", '["spear", "sword"]'),
        ("name.#", None),
    ],
)
def test_a_hash_counts_or_asks_each_element(path: str, text: str | None) -> None:
    assert text_at(SHIP, path) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ('crew.#(name=="Orpheus").age', "35"),
        ("crew.#(name=Orpheus).age", "35"),
        ("crew.#(age>=30)#.name", '["Jason","Orpheus"]'),
        ("crew.#(age<30).name", "Atalanta"),
        ('crew.#(name!%"*s*")#.name', '["Atalanta"]'),
        ('crew.#(name%"*on")#.age', "[30]"),
        ('tags.#(%"f*")#', '["fast","fleet"]'),
        ('tags.#(!="fast")', "old"),
        ('crew.#(arms.#(=="bow"))#.name', '["Atalanta"]'),
        ("crew.#(arms.0)#.name", '["Jason","Atalanta"]'),
        ("crew.#(captain==~true)#.name", '["Jason"]'),
        ("crew.#(captain==~false)#.name", '["Atalanta"]'),
        ("crew.#(captain==~*)#.age", "[30,35,25]"),
        ("crew.#(arms==x)", None),
        ("crew.#(age>99)#", "[]"),
        ("crew.#(age>99)", None),
        ("crew.#(age>0)#|#", "3"),
        ("crew.#(age>0)#.#", "[]"),
        ("crew.#(age", None),
    ],
)
def test_a_query_finds_the_first_element_or_all(path: str, text: str | None) -> None:
    assert text_at(SHIP, path) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("@this.name", "Argo"),
        ("tags.@reverse", '["fleet","old","fast"]'),
        ("tags|@reverse|0", "fleet"),
        ("oars.@reverse", '{"right":25,"left":25}'),
        ("oars.@keys", '["left","right"]'),
        ("oars.@values", "[25,25]"),
        ("name.@keys", "[null]"),
        ("nope.@keys", "[]"),
        ("holds.@flatten", "[1,2,3,[4]]"),
        ('holds.@flatten:{"deep":true}', "[1,2,3,4]"),
        ("crew.@join.name", "Atalanta"),
        ('crew.@join:{"preserve":true}.name', "Jason"),
        ("name.@tostr", '"Argo"'),
        ("oars.@ugly.@tostr", '{"left":25,"right":25}'),
        ("log.@fromstr.day", "1"),
        ("log.@valid", '{"day": 1}'),
        ("{tags,holds}.@group.1", '{"tags":"old","holds":[]}'),
        ("@dig:captain", '[true,"no",0]'),
        ("tags.@nope", None),
    ],
)
def test_a_modifier_makes_something_else_of_a_value(path: str, text: str | None) -> None:
    assert text_at(SHIP, path) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("{name,oars.left}", '{"name":"Argo","left":25}'),
        ('{"a":name,b:crew.#.age}', '{"a":"Argo","b":[30,35,25]}'),
        ("[name,nope,tags.1]", '["Argo","old"]'),
        ("{crew.0.name,crew.1.name}", '{"name":"Jason","name":"Orpheus"}'),
        ("crew.#.{name,arms.#}|2", '{"name":"Atalanta","_":1}'),
        ("{name,!5}", '{"name":"Argo","_":5}'),
        ("oars.[left,right].1", "25"),
        ('!"said"', "said"),
        ("!true", "true"),
        ("{name", None),
    ],
)
def test_several_paths_at_once_make_an_object_or_a_list(path: str, text: str | None) -> None:
    assert text_at(SHIP, path) == text


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (SHIP, "@this." * 2000 + "name"),
        (SHIP, ".".join(["[@this,@this]"] * 60)),
        ("[" * 1200 + "]" * 1200, ".".join(["0"] * 1200)),
    ],
    ids=["modifiers", "doubling", "nesting"],
)
def test_a_path_cannot_take_for_ever(document: str, path: str) -> None:
    with pytest.raises(ExpressionError, match="asks for too much"):
        text_at(document, path)
