"""Guesses what a file is that is no rules file."""

from __future__ import annotations

import pytest

from lanner.ruleset.foreign import hint_for


@pytest.mark.parametrize(
    ("content", "guess"),
    [
        ('{"kind":"Event","auditID":"x"}\n{"kind":"Event"}', "audit log"),
        ('{"kind":"EventList","items":[{"auditID":"x"}]}', "audit log"),
        ('[\n {"requestURI":"/api"}]', "audit log"),
        ('{"messageType":"DATA_MESSAGE","logEvents":[]}', "audit log"),
        ('{"protoPayload":{}}', "audit log"),
        ('{"a": 1}', "JSON data"),
        ("[[1]]", "JSON data"),
        ("apiVersion: audit.k8s.io/v1\nkind: Policy\n", "audit policy"),
        ("kind: ConfigMap\napiVersion: v1\n", "Kubernetes manifest"),
        ("customRules:\n  a.yaml: |-\n", "Helm values"),
        ("rules_files:\n  - /etc/falco\n", "Falco's configuration"),
        ("title: x\ndetection:\n  selection: {}\n", "Sigma rule"),
        ("rule: x\ndesc: y\n", "put `- ` in front"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"PK\x03\x04", "zip archive"),
        (b"\x7fELF", "program"),
        (b"\xff\xfe-\x00", "UTF-16"),
        (b"\xfe\xff\x00-", "UTF-16"),
        (b'\x20{"auditID":"x", "\xff', "audit log"),
    ],
)
def test_a_guess(content, guess):
    assert guess in hint_for(content)


@pytest.mark.parametrize(
    "content", ["- rule: x\n", "", "hello", '[{"rule": "x"}]', "- macro: x\n  condition: apiVersion\n", b"- a: \xff"]
)
def test_no_guess(content):
    assert hint_for(content) == ""
