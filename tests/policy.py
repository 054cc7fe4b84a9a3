#!/usr/bin/env python3
"""What a policy says of a signed statement: policy.py POLICY.rego STATEMENT.dsse.json CONTRACT_SHA256. Needs regopy from PyPI."""

import base64
import json
import sys
from pathlib import Path

from regopy import Interpreter


def main(policy, envelope, contract_sha256):
    statement = json.loads(base64.b64decode(json.loads(Path(envelope).read_text())["payload"]))
    rego = Interpreter()
    rego.add_module("accepted", Path(policy).read_text())
    rego.add_data({"contract_sha256": contract_sha256})
    rego.set_input(statement)
    print(rego.query("[data.assay.allow, data.assay.deny]"))


if __name__ == "__main__":
    main(*sys.argv[1:])
