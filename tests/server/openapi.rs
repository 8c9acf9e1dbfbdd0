//! The API's description: what is committed is what is served.

use crate::place::Place;
use crate::support::golden::assert_golden;

#[test]
fn the_document_is_the_one_that_is_committed() {
    let place = Place::new("");
    let serving = place.serve();
    let served = serving.get("/usage_data/openapi.json").send().expect(200).json();
    serving.stop();
    assert_eq!(served, service_ping::server::openapi());
    assert_golden("openapi.json", &format!("{served:#}\n"));
}
