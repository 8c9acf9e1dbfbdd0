//! Sketches whose bytes were damaged behind the store's back.

use service_ping::measure::Reason;
use service_ping::source::event_store::{Batch, Union, UnionAnswer, Unions};

use crate::place::Place;
use crate::support::event_store::{add, increment, text, write};

#[tokio::test]
async fn a_damaged_sketch_fails_what_needs_it_alone() {
    for damage in [
        "UPDATE sketches SET bytes = substr(bytes, 1, 20) WHERE key = '{bad}'",
        "UPDATE sketches SET bytes = x'' WHERE key = '{bad}'",
        "UPDATE sketches SET bytes = zeroblob(12304) WHERE key = '{bad}'",
        "DELETE FROM sketches WHERE key = '{bad}'",
    ] {
        let place = Place::new().await;
        let store = place.store();
        write(store, vec![add("{good}", 0..9), add("{bad}", 0..5)]).await;
        place.sqlite3(damage);
        let ask = Unions {
            keys: vec!["{bad}".to_owned(), "{good}".to_owned()],
            unions: [vec![1], vec![0, 1]]
                .map(|keys| Union {
                    keys,
                    wants_sketch: false,
                })
                .to_vec(),
        };
        let unions = store.unions(&ask).await;
        assert_eq!(unions[0], Ok(UnionAnswer::Count(9)), "{damage}");
        let failure = unions[1].clone().unwrap_err();
        assert_eq!(failure.reason, Reason::CorruptSketch, "{damage}");
        assert!(failure.message.contains("{bad}"), "{failure}");

        let batch = Batch::new(vec![add("{bad}", 5..6), increment("{n}", 1), add("{good}", 9..10)]);
        let answers = store.write(&batch).await.unwrap();
        assert_eq!(
            answers[0].clone().unwrap_err().reason,
            Reason::CorruptSketch,
            "{damage}"
        );
        assert_eq!(answers[1..], [Ok(()), Ok(())]);
        assert_eq!(text(store, "{n}").await, "1");
        assert_eq!(
            store.page(None).await.unwrap_err().reason,
            Reason::CorruptSketch,
            "{damage}"
        );
    }
}

#[tokio::test]
async fn a_number_that_is_none_is_not_counted_on() {
    let place = Place::new().await;
    let store = place.store();
    write(store, vec![increment("{n}", 1)]).await;
    place.sqlite3("UPDATE entries SET number = 'ten'");
    let answer = store.write(&Batch::new(vec![increment("{n}", 1)])).await.unwrap();
    assert_eq!(answer[0].clone().unwrap_err().reason, Reason::WrongKeyType);
    assert_eq!(place.sqlite3("SELECT number FROM entries"), "ten");
}
