"""The texts that are written from the settings: their page in the docs, and a file to fill in."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from proxy.settings.described import Described, Role
from proxy.settings.secrets import FOLDER, FOLDER_SETTING

INTRODUCTION = f"""\
# Settings

Written by `passerelle docs` from the models in `proxy/settings`; edit those, not this page.

The gateway is configured by environment variables, and `PASSERELLE_UPSTREAM_URL` alone suffices.
An empty variable is not set. A name that begins with `PASSERELLE_` and is no setting is refused at
start, with the name that may be meant.

```sh
passerelle settings                  # every setting: what it is here, and where that comes from
passerelle settings tls              # those whose name or sentence has a word
passerelle settings --env            # a file to fill in, for `docker run --env-file` or systemd
passerelle check                     # whether they are right, and what they name
```

**Secrets** need not stand in the environment. Each one comes from one place, and two are refused:

1. its variable, such as `PASSERELLE_KEYS`;
2. the file that the variable with `_FILE` behind it names, such as `PASSERELLE_KEYS_FILE`;
3. a file of its variable's name, in small letters or large ones, in the folder
   `{FOLDER_SETTING}`: where that is not set, in `{FOLDER}`, if it is there.

A line end behind a secret in a file is no part of it. No command and no log line shows a secret.
"""

LINE = 98
BAR = "\\|"


def settings_page(roles: Sequence[Role]) -> str:
    """`docs/settings.md`: every setting with what it takes, its default and its sentence."""
    lines = [INTRODUCTION]
    for role in roles:
        lines += [
            f"## {role.title}",
            "",
            "| setting | takes | default | meaning |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{it.variable}` | {it.takes} | {it.default} | {it.sentence.replace('|', BAR)} |"
            for it in role.settings
        ]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def template(roles: Sequence[Role]) -> str:
    """A file of variables in which every setting that may be left out is a comment."""
    lines = []
    for role in roles:
        lines += [f"# == {role.title} ==", ""]
        for it in role.settings:
            lines += [*_comment(it), f"{'' if it.required else '#'}{it.variable}={it.template}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _comment(setting: Described) -> list[str]:
    told = f"{setting.sentence} Takes {setting.takes}; default: {setting.default}."
    return textwrap.wrap(told.replace("`", ""), LINE, initial_indent="# ", subsequent_indent="# ")
