"""Layouts with one fault each, and exactly the requirements that are then broken."""

from collections.abc import Mapping
from types import MappingProxyType

from tests.specs.image.faults.configs import CONFIG_FAULTS
from tests.specs.image.faults.descriptors import DESCRIPTOR_FAULTS
from tests.specs.image.faults.edits import Fault
from tests.specs.image.faults.indexes import INDEX_FAULTS
from tests.specs.image.faults.layers import LAYER_FAULTS
from tests.specs.image.faults.manifests import MANIFEST_FAULTS
from tests.specs.image.faults.whole import LAYOUT_FAULTS

ALL: Mapping[str, Mapping[str, Fault]] = MappingProxyType(
    {
        "config": CONFIG_FAULTS,
        "manifest": MANIFEST_FAULTS,
        "index": INDEX_FAULTS,
        "descriptor": DESCRIPTOR_FAULTS,
        "layer": LAYER_FAULTS,
        "layout": LAYOUT_FAULTS,
    }
)
