"""Holds docs/job-document.schema.json against documents: handbook.test calls it.

    handbook_schema.py SCHEMA DOCUMENTS

A line of DOCUMENTS is who refuses the document (nobody, both: the schema, too;
door: only the door), a tab, and the document. Prints how many there were, or
what is wrong.
"""

import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)

count = 0
wrong = []
with open(sys.argv[2], encoding="utf-8") as file:
    for line in file:
        who, document = line.rstrip("\n").split("\t", 1)
        refused = not validator.is_valid(json.loads(document))
        if refused != (who == "both"):
            wrong.append(f"{'refused' if refused else 'accepted'}: {document[:200]}")
        count += 1
print("\n".join(wrong) or f"{count} documents")
