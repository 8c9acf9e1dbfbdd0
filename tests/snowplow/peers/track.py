"""Snowplow's own Python tracker sends the two events of the first argument's file to the collector of the second."""

import json
import sys

from snowplow_tracker import (
    Emitter,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)

events = json.load(open(sys.argv[1], encoding="utf-8"))
subject = Subject()
subject.set_platform("srv")
emitter = Emitter(sys.argv[2], method="post", batch_size=2)
tracker = Tracker("gl", emitter, app_id="tests", subject=subject, encode_base64=True)
usage = events["usage"]
tracker.track(
    StructuredEvent(
        category=usage["category"],
        action=usage["action"],
        label=usage["label"],
        value=usage["value"],
        context=[SelfDescribingJson(usage["schema"], usage["data"])],
    )
)
custom = events["custom"]
tracker.track(SelfDescribing(SelfDescribingJson(custom["schema"], custom["data"])))
tracker.flush()
