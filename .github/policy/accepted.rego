# Lets a deployment go on only where a report or a certificate passed by the contract that was agreed on. The input is the in-toto
# statement that `assay attest --as test-result` signed, its signature checked before; `data.contract_sha256` is the digest that
# `assay contract check` prints.
package assay

import rego.v1

default allow := false

allow if {
	count(deny) == 0
}

deny contains "this is no test result of in-toto" if {
	input.predicateType != "https://in-toto.io/attestation/test-result/v0.1"
}

deny contains sprintf("%s did not pass", [test]) if {
	some test in input.predicate.failedTests
}

deny contains "the result is neither passed nor passed with warnings" if {
	not input.predicate.result in {"PASSED", "WARNED"}
}

deny contains "it was judged by another contract" if {
	not data.contract_sha256 in {policy.digest.sha256 | some policy in input.predicate.configuration}
}
