"""Numbers and statements bound to an analysis, and their verdicts."""

from tocsin.findings.check import Checked, Moved, check
from tocsin.findings.definition import Finding, parse_findings, read_findings
from tocsin.findings.evaluation import Evaluation, Plan, plan
from tocsin.findings.found import Found
from tocsin.findings.signed import Signed, read_signed, signed_now, write_signed

__all__ = [
    "Checked",
    "Evaluation",
    "Finding",
    "Found",
    "Moved",
    "Plan",
    "Signed",
    "check",
    "parse_findings",
    "plan",
    "read_findings",
    "read_signed",
    "signed_now",
    "write_signed",
]
