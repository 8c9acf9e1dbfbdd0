//! A receiver that is away or misbehaves for long, a state store that cannot be written, clocks that are set back: what
//! the built binary makes of it. No payload is lost, none arrives twice, and each failure says what to do.

mod support;

#[path = "outage/clock.rs"]
mod clock;
#[path = "outage/front.rs"]
mod front;
#[path = "cli/instance.rs"]
#[expect(dead_code, reason = "it is shared with the tests of the command line")]
mod instance;
#[path = "outage/ledger.rs"]
mod ledger;
#[path = "outage/moods.rs"]
mod moods;
#[path = "cli/receiver.rs"]
mod receiver;
#[path = "outage/size.rs"]
mod size;
#[path = "outage/store_faults.rs"]
mod store_faults;
#[path = "outage/twins.rs"]
mod twins;
#[path = "outage/week.rs"]
mod week;
