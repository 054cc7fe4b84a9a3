//! What all devices of a node do together: what each of them gives, what each has afterwards, and how much that counts as.
//! Owns this meaning, for backends as for those who check; must not know who moves the data, or by which way.

/// A collective over FP32 elements. Each of the devices is a rank, in the order in which they were opened together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Collective {
    /// Every rank has the sums of what all ranks gave.
    AllReduce,
    /// Every rank has what all ranks gave, one after the other.
    AllGather,
    /// Every rank has its own part of the sums.
    ReduceScatter,
    /// Every rank has what the first gave.
    Broadcast,
}

impl Collective {
    pub const ALL: [Collective; 4] =
        [Collective::AllReduce, Collective::AllGather, Collective::ReduceScatter, Collective::Broadcast];

    /// As the common tests of such libraries and the names of metrics have it.
    pub fn name(self) -> &'static str {
        match self {
            Collective::AllReduce => "all_reduce",
            Collective::AllGather => "all_gather",
            Collective::ReduceScatter => "reduce_scatter",
            Collective::Broadcast => "broadcast",
        }
    }

    /// The elements that each of so many ranks gives, and those that it has afterwards, where the more of both are `elements`,
    /// a multiple of the ranks.
    pub fn sizes(self, ranks: u32, elements: u64) -> [u64; 2] {
        let part = elements / u64::from(ranks.max(1));
        match self {
            Collective::AllReduce | Collective::Broadcast => [elements, elements],
            Collective::AllGather => [part, elements],
            Collective::ReduceScatter => [elements, part],
        }
    }

    /// Bytes of bus bandwidth, as nccl-tests counts it (its PERFORMANCE.md): what the links of a rank would carry if nothing were
    /// sent twice, so that figures compare with the links whatever the number of ranks.
    pub fn bus_bytes(self, ranks: u32, elements: u64) -> u64 {
        let all = u64::from(ranks.max(1));
        let part = (elements / all).saturating_mul(4);
        match self {
            Collective::AllReduce => part.saturating_mul(2 * (all - 1)),
            Collective::AllGather | Collective::ReduceScatter => part.saturating_mul(all - 1),
            Collective::Broadcast => elements.saturating_mul(4),
        }
    }

    /// Element `index` of what `rank` has afterwards; `given` is what a rank gave. Exact where every sum is, in whatever order.
    pub fn element(
        self,
        [ranks, rank]: [u32; 2],
        elements: u64,
        index: u64,
        given: &dyn Fn(u32, u64) -> f32,
    ) -> f32 {
        let sum = |index| (0..ranks).map(|from| given(from, index)).sum();
        let part = (elements / u64::from(ranks.max(1))).max(1);
        match self {
            Collective::AllReduce => sum(index),
            Collective::AllGather => given((index / part) as u32, index % part),
            Collective::ReduceScatter => sum(u64::from(rank) * part + index),
            Collective::Broadcast => given(0, index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, for three ranks of which each gives 100 times its number, and the index.
    #[test]
    fn every_rank_has_what_it_should() {
        let given = |rank: u32, index: u64| (100 * rank) as f32 + index as f32;
        let has = |kind: Collective, rank| -> Vec<f32> {
            let [_, after] = kind.sizes(3, 6);
            (0..after).map(|index| kind.element([3, rank], 6, index, &given)).collect()
        };
        for rank in 0..3 {
            assert_eq!(has(Collective::AllReduce, rank), [300., 303., 306., 309., 312., 315.]);
            assert_eq!(has(Collective::AllGather, rank), [0., 1., 100., 101., 200., 201.]);
            assert_eq!(has(Collective::Broadcast, rank), [0., 1., 2., 3., 4., 5.]);
        }
        assert_eq!(has(Collective::ReduceScatter, 0), [300., 303.]);
        assert_eq!(has(Collective::ReduceScatter, 2), [312., 315.]);
    }

    /// Factors of nccl-tests for eight ranks: 7/4, 7/8, 7/8 and 1.
    #[test]
    fn bus_bandwidth_is_counted_as_everybody_counts_it() {
        let counted = Collective::ALL.map(|kind| kind.bus_bytes(8, 1 << 20) as f64 / f64::from(4 << 20));
        assert_eq!(counted, [1.75, 0.875, 0.875, 1.0]);
        assert_eq!(Collective::ALL.map(|kind| kind.sizes(8, 64)), [[64, 64], [8, 64], [64, 8], [64, 64]]);
    }
}
