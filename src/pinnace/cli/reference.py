"""The reference of commands, settings, problems and variables, made from what it describes.

``python -m pinnace.cli.reference docs/reference`` writes it; a test holds it to what is written.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from pinnace.cli.main import COMMANDS, cli
from pinnace.settings import documented
from pinnace.spec.problem_codes import SECTIONS
from pinnace.spec.variables import VARIABLES

_MADE = "<!-- Made by `python -m pinnace.cli.reference docs/reference`; change the code, not this file. -->"


def pages() -> dict[str, str]:
    """Return the text of each page by its file's name."""
    return {
        "commands.md": "".join(_commands()),
        "settings.md": "".join(_settings()),
        "problems.md": "".join(_problems()),
        "variables.md": "".join(_variables()),
    }


def _commands() -> Iterator[str]:
    yield f"{_MADE}\n\n# Commands\n\n"
    yield "WORKFLOW is a run's name, its uid, the beginning of either, or `@latest`. Exit status: 0 all is\n"
    yield "well or the run succeeded, 1 a run failed or the world did, 2 wrong use or an invalid manifest,\n"
    yield "130 interrupted.\n"
    context = click.Context(cli, info_name="pinnace")
    for word in COMMANDS:
        command = cli.get_command(context, word)
        if command is not None:
            yield from _command(command, click.Context(command, info_name=word, parent=context))


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"\n## {context.command_path}\n\n    {usage}\n\n{_prose(command.help or '')}\n"
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    records = [record for each in options if (record := each.get_help_record(context)) is not None]
    if records:
        yield "\n| Option | Meaning |\n|---|---|\n"
        yield from (f"| `{_cell(names)}` | {_cell(meaning)} |\n" for names, meaning in records)
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            below = command.get_command(context, word)
            if below is not None:
                yield from _command(below, click.Context(below, info_name=word, parent=context))


def _settings() -> Iterator[str]:
    yield f"{_MADE}\n\n# Settings\n\n"
    yield "Environment variables, read once when a command starts. An option of a command wins.\n\n"
    yield "| Variable | Meaning | Kind | Default |\n|---|---|---|---|\n"
    for doc in documented().values():
        yield f"| `{doc.variable}` | {_cell(doc.text)} | {doc.unit} | `{_cell(doc.default)}` |\n"


def _problems() -> Iterator[str]:
    yield f"{_MADE}\n\n# Problems of manifests\n\n"
    yield "What `lint` and `run` tell, by the code in brackets; `pinnace lint --explain CODE` says it too.\n"
    for section, codes in SECTIONS.items():
        yield f"\n## {section}\n"
        for code, meaning in codes.items():
            yield f"\n### {code}\n\n{meaning.title}. {meaning.text}\n"


def _variables() -> Iterator[str]:
    yield f"{_MADE}\n\n# Variables of manifests\n\n"
    yield "What `{{…}}` can name. In expressions, `{{=…}}`, the same names are values; a name with a sign\n"
    yield "in it is written in brackets: `inputs.parameters['my-name']`.\n\n"
    yield "| Variable | What it is | Where it exists |\n|---|---|---|\n"
    for each in VARIABLES:
        yield f"| `{each.key}` | {_cell(each.meaning)} | {_cell(each.where)} |\n"


def _prose(text: str) -> str:
    """Return a docstring's text without its indentation."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Write the pages into the folder that is named on the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
