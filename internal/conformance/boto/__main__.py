"""Drives examples/localaws with boto3: an independent client of the same wire.

Usage: python internal/conformance/boto ENDPOINT

localaws runs the templates of internal/conformance/shop and of examples/saga.
"""

import sys

import elsewhere
import functions
import harness
import local
import machines
import messaging
import secrets_of_a_template
import shop
import storage
import tables

for module in (tables, messaging, machines, storage, secrets_of_a_template, functions, shop, elsewhere, local):
    harness.part(module.run)
print(f"{harness.passed} passed, {harness.failed} failed")
sys.exit(harness.failed > 0)
