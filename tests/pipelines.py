#!/usr/bin/env python3
"""Shows that the templates for pipelines are what GitHub and GitLab read, and prints what they would run.

    pipelines.py ACTION.yml GITLAB.yml

Validates both by the published schemas, and then with a defect, which must be refused. Needs check-jsonschema from PyPI,
which brings the schemas. Prints one line per check and exits 1 at the first that fails; then a line of JSON with the scripts.
"""

import copy
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml


def say(what, holds):
    if not holds:
        sys.exit(f"FAILED: {what}")
    print(f"ok: {what}")


def is_valid(document, schema):
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump(document, file)
        file.flush()
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, file.name]
        return subprocess.run(command, capture_output=True).returncode == 0


def main(action_file, gitlab_file):
    action = yaml.safe_load(Path(action_file).read_text())
    say("GitHub's schema accepts the action", is_valid(action, "vendor.github-actions"))
    broken = copy.deepcopy(action)
    del broken["runs"]["steps"][0]["shell"]
    say("and refuses a step without a shell", not is_valid(broken, "vendor.github-actions"))

    gitlab = yaml.safe_load(Path(gitlab_file).read_text())
    # As a job; what is hidden behind a dot is looked at less closely.
    job = {"gpu": gitlab[".assay"]}
    say("GitLab's schema accepts the template", is_valid(job, "vendor.gitlab-ci"))
    broken = copy.deepcopy(job)
    broken["gpu"]["artifacts"]["when"] = "sometimes"
    say("and refuses artifacts that are kept sometimes", not is_valid(broken, "vendor.gitlab-ci"))

    steps = action["runs"]["steps"]
    foreign = [step["uses"] for step in steps if "uses" in step]
    pinned = [re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name) for name in foreign]
    say("what the action uses of others is pinned by commit, which no tag can move", foreign and all(pinned))
    template = gitlab[".assay"]
    print(json.dumps({
        "github": [step["run"] for step in steps if "run" in step],
        "gitlab": "\n".join(template["script"]),
        "variables": template["variables"],
        "junit": template["artifacts"]["reports"]["junit"],
    }))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
