//! [`Stripe`]: the requests of a level that one of several workers sends.

use bench_syntax::Share;

/// Every n-th client, and every n-th request, of a level that several workers share. Together they send what one
/// worker alone would send, under the same numbers.
///
/// Client `j` belongs to worker `j mod n`. Of a level with `c` clients, request `i` belongs to the worker of client
/// `i mod c`, so that each worker has as much to do as its clients can; of a schedule, request `i` belongs to worker
/// `i mod n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stripe {
    rank: u64,
    of: u64,
    /// The number of clients of all workers; in a schedule, the number of workers.
    clients: u64,
}

impl Stripe {
    /// All requests of a level.
    pub(crate) const WHOLE: Stripe = Stripe { rank: 0, of: 1, clients: 1 };

    /// Returns the stripe of `share`, of a level with `clients` clients.
    pub(crate) fn of_clients(share: Share, clients: u32) -> Self {
        Stripe { rank: share.rank().into(), of: share.of().into(), clients: clients.into() }
    }

    /// Returns the stripe of `share`, of a schedule.
    pub(crate) fn of_schedule(share: Share) -> Self {
        Stripe::of_clients(share, share.of())
    }

    /// The number of the level's clients that belong to this worker.
    pub(crate) fn clients(self) -> u64 {
        self.below(self.clients)
    }

    /// The number of the level's first `requests` requests that belong to this worker.
    pub(crate) fn requests(self, requests: u64) -> u64 {
        let clients = self.clients.max(1);
        requests / clients * self.clients() + self.below(requests % clients)
    }

    /// The number within the level of this worker's request `own`.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code, reason = "threads share no load"))]
    pub(crate) fn number(self, own: u64) -> u64 {
        let clients = self.clients().max(1);
        own / clients * self.clients + self.rank + own % clients * self.of
    }

    /// The number within the level of this worker's client `own`.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code, reason = "threads share no load"))]
    pub(crate) fn client(self, own: u32) -> u32 {
        u32::try_from(self.rank + u64::from(own) * self.of).unwrap_or(u32::MAX)
    }

    /// The number of integers below `end` that belong to this worker.
    fn below(self, end: u64) -> u64 {
        end.saturating_sub(self.rank).div_ceil(self.of)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stripes(of: u32, clients: Option<u32>) -> Vec<Stripe> {
        let shares = (0..of).filter_map(|rank| Share::of_rank(rank, of));
        shares
            .map(|share| match clients {
                Some(clients) => Stripe::of_clients(share, clients),
                None => Stripe::of_schedule(share),
            })
            .collect()
    }

    proptest! {
        /// Each request of the level is sent by one worker, and by the worker of its client.
        #[test]
        fn stripes_add_up_to_the_level(of in 1u32..9, clients in 1u32..20, requests in 0u64..200) {
            let mut seen = vec![0; requests as usize];
            let mut all_clients = Vec::new();
            for stripe in stripes(of, Some(clients)) {
                let own = stripe.clients() as u32;
                let of_worker: Vec<u32> = (0..own).map(|client| stripe.client(client)).collect();
                for request in 0..stripe.requests(requests) {
                    let number = stripe.number(request);
                    seen[number as usize] += 1;
                    prop_assert!(of_worker.contains(&((number % u64::from(clients)) as u32)));
                }
                all_clients.extend(of_worker);
            }
            prop_assert!(seen.iter().all(|count| *count == 1), "{seen:?}");
            all_clients.sort_unstable();
            prop_assert_eq!(all_clients, (0..clients).collect::<Vec<u32>>());
        }

        #[test]
        fn stripes_add_up_to_the_schedule(of in 1u32..9, requests in 0u64..200) {
            for (rank, stripe) in stripes(of, None).into_iter().enumerate() {
                let numbers: Vec<u64> = (0..stripe.requests(requests)).map(|own| stripe.number(own)).collect();
                let expected: Vec<u64> = (rank as u64..requests).step_by(of as usize).collect();
                prop_assert_eq!(numbers, expected);
            }
        }
    }

    #[test]
    fn the_whole_is_as_it_is() {
        assert_eq!((0..5).map(|own| Stripe::WHOLE.number(own)).collect::<Vec<u64>>(), [0, 1, 2, 3, 4]);
        assert_eq!((Stripe::WHOLE.requests(7), Stripe::WHOLE.client(3)), (7, 3));
    }
}
