#!/usr/bin/env python3
"""Shows that a manifest follows the schemas that Kubernetes publishes, and that these would notice if it did not.

    kubernetes.py job.yaml VERSION...

Validates every document by the schemas of each version, and then the manifest with one defect after the other, each of which
must be refused. Needs kubernetes-validate from PyPI, which brings the schemas. Prints one line per check and exits 1 at the
first that fails; then a line of JSON with the documents, for whoever asks what they say.
"""

import copy
import json
import sys
from pathlib import Path

import kubernetes_validate
import yaml


def say(what, holds):
    if not holds:
        sys.exit(f"FAILED: {what}")
    print(f"ok: {what}")


def why_invalid(document, version):
    try:
        used = kubernetes_validate.validate(document, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return error.message
    # A schema of another version says nothing of this one.
    if not used.startswith(version):
        sys.exit(f"FAILED: there is no schema of {version}, the nearest is {used}")
    return None


def pod(job):
    return job["spec"]["template"]["spec"]


def misspelled(job):
    pod(job)["restartpolicy"] = pod(job).pop("restartPolicy")


def number_as_text(job):
    job["spec"]["backoffLimit"] = str(job["spec"]["backoffLimit"])


def no_containers(job):
    del pod(job)["containers"]


def exit_codes_as_text(job):
    job["spec"]["podFailurePolicy"]["rules"][1]["onExitCodes"]["values"] = ["1"]


def arguments_as_text(job):
    container = pod(job)["containers"][0]
    container["args"] = " ".join(container["args"])


def unnamed_field(job):
    del pod(job)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"][0][
        "matchFields"
    ][0]["key"]


DEFECTS = [misspelled, number_as_text, no_containers, exit_codes_as_text, arguments_as_text, unnamed_field]


def main(manifest, versions):
    documents = list(yaml.safe_load_all(Path(manifest).read_text()))
    jobs = [document for document in documents if document["kind"] == "Job"]
    for version in versions:
        for document in documents:
            why = why_invalid(document, version)
            say(f"{document['kind']} {document['metadata']['name']} follows {version}{': ' + why if why else ''}", not why)
        for defect in DEFECTS:
            broken = copy.deepcopy(jobs[0])
            defect(broken)
            say(f"{version} refuses {defect.__name__}", why_invalid(broken, version))
    print(json.dumps(documents))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
