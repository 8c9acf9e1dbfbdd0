//! The search for the one event that a collector refuses, among all that were sent with it.

/// How wide batches may be while something at the head of the queue is suspected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hunt {
    /// So many events at the head hold one that is refused; none where nothing is suspected.
    suspects: usize,
}

impl Hunt {
    /// How many events the next batch may have.
    pub(super) fn width(self, usual: usize) -> usize {
        match self.suspects {
            0 => usual,
            suspects => suspects.div_ceil(2).min(usual),
        }
    }

    pub(super) fn is_on(self) -> bool {
        self.suspects > 0
    }

    /// A batch of more than one event was refused: the culprit is in it.
    pub(super) fn refused(&mut self, events: usize) {
        self.suspects = events;
    }

    /// So many events at the head were taken, or put aside.
    pub(super) fn settled(&mut self, events: usize) {
        self.suspects = self.suspects.saturating_sub(events);
    }
}

#[cfg(test)]
mod tests {
    use super::Hunt;

    /// How many requests it takes until all events but the poisoned are delivered.
    fn requests(events: usize, poisoned: &[usize]) -> (usize, Vec<usize>) {
        let (mut hunt, mut head, mut requests, mut buried) = (Hunt::default(), 0, 0, Vec::new());
        while head < events {
            let batch = hunt.width(100).min(events - head);
            requests += 1;
            let holds = (head..head + batch).any(|at| poisoned.contains(&at));
            match (holds, batch) {
                (true, 1) => buried.push(head),
                (true, _) => {
                    hunt.refused(batch);
                    continue;
                }
                (false, _) => {}
            }
            hunt.settled(batch);
            head += batch;
        }
        (requests, buried)
    }

    #[test]
    fn one_among_a_thousand_is_found_in_few_requests() {
        for at in [0, 1, 99, 100, 533, 999] {
            let (requests, buried) = requests(1000, &[at]);
            assert_eq!(buried, [at]);
            assert!(requests <= 10 + 2 * 8, "{requests}");
        }
        assert_eq!(requests(1000, &[]).0, 10);
        assert_eq!(requests(7, &[0, 3, 6]).1, [0, 3, 6]);
        assert_eq!(requests(5, &[0, 1, 2, 3, 4]).1, [0, 1, 2, 3, 4]);
    }
}
