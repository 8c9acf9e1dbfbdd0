"""Holds bodies of requests, a file each, against the schemas of the first argument's folder with a validator of its own."""

import base64
import json
import os
import sys

from jsonschema import Draft4Validator

folder, reconstructed, bodies = sys.argv[1], sys.argv[2], sys.argv[3:]


def validator(name):
    """The validator of iglu:vendor/name/format/version; of what is not public, the reconstruction."""
    vendor, schema, form, version = name.removeprefix("iglu:").split("/")
    path = os.path.join(folder, vendor, schema, form, version)
    if not os.path.exists(path):
        path = os.path.join(reconstructed, f"{schema}-{version}.draft4.json")
    document = json.load(open(path, encoding="utf-8"))
    document.pop("$schema", None)
    document.pop("self", None)
    return Draft4Validator(document)


def check(described):
    validator(described["schema"]).validate(described["data"])
    return described["data"]


def decoded(event, encoded, plain):
    if plain in event:
        return json.loads(event[plain])
    if encoded in event:
        text = event[encoded].replace("-", "+").replace("_", "/")
        return json.loads(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    return None


events = 0
for path in bodies:
    for event in check(json.load(open(path, encoding="utf-8"))):
        own = decoded(event, "ue_px", "ue_pr")
        if own is not None:
            check(check(own))
        attached = decoded(event, "cx", "co")
        if attached is not None:
            for context in check(attached):
                check(context)
        events += 1
print(events)
