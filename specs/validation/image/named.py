"""Which requirements documents and layouts of the image spec are judged by."""

from specs.validation import schemas
from specs.validation.image import blobs, configs, descriptors, documents, layout, targets, unpacked, walk


def named() -> set[str]:
    """Return every requirement that a schema or a rule for images names."""
    found = {each for kind in documents.KINDS.values() for each in schemas.requirements(kind.schema)}
    rules = [*configs.LAYER_RULES, *(rule for kind in documents.KINDS.values() for rule in kind.rules)]
    found.update(each for rule in rules for each in rule.requirements)
    for module in (blobs, descriptors, documents, layout, targets, unpacked, walk):
        found.update(module.REQUIREMENTS)
    return found - {""}
