//! Which documents answer a query: the items that a document holds in, yes or no out.

/// When a document answers the query, by the items it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Item(usize),
    All(Vec<Rule>),
    /// At least 60 % of these.
    Most(Vec<Rule>),
    Any(Vec<Rule>),
    Not(Box<Rule>),
}

impl Default for Rule {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Rule {
    /// Says whether a document that holds the items of `mask` answers.
    pub(super) fn holds(&self, mask: u64) -> bool {
        match self {
            Self::Item(item) => mask & (1 << item) != 0,
            Self::All(rules) => rules.iter().all(|rule| rule.holds(mask)),
            Self::Most(rules) => {
                let held = rules.iter().filter(|rule| rule.holds(mask)).count();
                held >= least_of(rules.len())
            }
            Self::Any(rules) => rules.iter().any(|rule| rule.holds(mask)),
            Self::Not(rule) => !rule.holds(mask),
        }
    }

    /// Says whether a document is left out because of what it holds, whatever else it holds.
    pub(super) fn forbids(&self, mask: u64) -> bool {
        match self {
            Self::All(rules) => rules.iter().any(|rule| rule.forbids(mask)),
            Self::Not(rule) => rule.holds(mask),
            _ => false,
        }
    }

    /// Returns the mask of the items it asks for.
    pub(super) fn items(&self) -> u64 {
        match self {
            Self::Item(item) => 1 << item,
            Self::All(rules) | Self::Most(rules) | Self::Any(rules) => {
                rules.iter().fold(0, |mask, rule| mask | rule.items())
            }
            Self::Not(rule) => rule.items(),
        }
    }

    /// Returns items of which every document that answers holds at least one, those that are cheapest to go through;
    /// `None` where there are no such items.
    pub(super) fn drivers(&self, cost: &[u64]) -> Option<Vec<usize>> {
        let price = |items: &[usize]| items.iter().map(|item| cost.get(*item).copied().unwrap_or(0)).sum::<u64>();
        match self {
            Self::Item(item) => Some(vec![*item]),
            Self::All(rules) => {
                rules.iter().filter_map(|rule| rule.drivers(cost)).min_by_key(|items| (price(items), items.len()))
            }
            Self::Most(rules) => {
                let mut each: Vec<_> = rules.iter().map(|rule| rule.drivers(cost)).collect::<Option<_>>()?;
                each.sort_by_key(|items| price(items));
                // A document may lack this many, so it holds one of one more.
                let may_lack = rules.len().checked_sub(least_of(rules.len()))?;
                Some(each.into_iter().take(may_lack + 1).flatten().collect()).filter(|items: &Vec<_>| !items.is_empty())
            }
            Self::Any(rules) => {
                let each: Option<Vec<_>> = rules.iter().map(|rule| rule.drivers(cost)).collect();
                Some(each?.concat()).filter(|items| !items.is_empty())
            }
            Self::Not(_) => None,
        }
    }

    /// Returns the rule without the items from `most` on, which were dropped.
    pub(super) fn only_first(self, most: usize) -> Option<Self> {
        let each = |rules: Vec<Rule>| {
            let kept: Vec<_> = rules.into_iter().filter_map(|rule| rule.only_first(most)).collect();
            (!kept.is_empty()).then_some(kept)
        };
        match self {
            Rule::Item(item) => (item < most).then_some(self),
            Rule::All(rules) => each(rules).map(Rule::All),
            Rule::Most(rules) => each(rules).map(Rule::Most),
            Rule::Any(rules) => each(rules).map(Rule::Any),
            Rule::Not(rule) => rule.only_first(most).map(|rule| Rule::Not(Box::new(rule))),
        }
    }

    /// Returns the rule with the items by their new numbers.
    pub(super) fn renumbered(self, numbers: &[usize]) -> Self {
        let each = |rules: Vec<Rule>| rules.into_iter().map(|rule| rule.renumbered(numbers)).collect();
        match self {
            Self::Item(item) => Self::Item(numbers.get(item).copied().unwrap_or(item)),
            Self::All(rules) => Self::All(each(rules)),
            Self::Most(rules) => Self::Most(each(rules)),
            Self::Any(rules) => Self::Any(each(rules)),
            Self::Not(rule) => Self::Not(Box::new(rule.renumbered(numbers))),
        }
    }

    /// Returns a rule that says the same: choices within choices are one, what stands in one twice counts once, and what stands alone needs
    /// no rule around it.
    pub(super) fn simplified(self) -> Self {
        let each = |rules: Vec<Rule>| -> Vec<Rule> { rules.into_iter().map(Rule::simplified).collect() };
        let mut rule = match self {
            Self::Item(_) => return self,
            Self::Not(rule) => return Self::Not(Box::new(rule.simplified())),
            Self::All(rules) => Self::All(each(rules)),
            Self::Most(rules) => Self::Most(each(rules)),
            Self::Any(rules) => {
                let mut all = Vec::new();
                for rule in each(rules) {
                    let parts = if let Self::Any(parts) = rule { parts } else { vec![rule] };
                    parts.into_iter().for_each(|part| {
                        if !all.contains(&part) {
                            all.push(part);
                        }
                    });
                }
                Self::Any(all)
            }
        };
        match &mut rule {
            Self::All(rules) | Self::Most(rules) | Self::Any(rules) if rules.len() == 1 => rules.remove(0),
            _ => rule,
        }
    }

    /// Returns the items of a rule that holds where any of them does, `None` for other rules.
    fn any_of_items(&self) -> Option<u64> {
        match self {
            Self::Item(item) => Some(1 << item),
            Self::All(rules) | Self::Most(rules) | Self::Any(rules) if rules.len() == 1 => {
                rules.first()?.any_of_items()
            }
            Self::Any(rules) => rules.iter().try_fold(0, |items, rule| Some(items | rule.any_of_items()?)),
            _ => None,
        }
    }

    /// Returns the test of this rule.
    pub(super) fn test(&self) -> Test {
        match self {
            Self::Item(_) => Test::default().with_all(std::slice::from_ref(self)),
            Self::All(rules) => Test::default().with_all(rules),
            Self::Most(rules) => Test { least: least(least_of(rules.len())), ..Test::default() }.with(rules),
            Self::Any(rules) => Test { least: 1, ..Test::default() }.with(rules),
            Self::Not(rule) => {
                let inner = rule.test();
                Test { least: 1, others: vec![Test { negated: !inner.negated, ..inner }], ..Test::default() }
            }
        }
    }
}

/// A rule in the form in which it is asked for hundreds of thousands of documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Test {
    items: u64,
    others: Vec<Test>,
    /// So many of the items and others must hold.
    least: u32,
    /// None of these may be held.
    forbidden: u64,
    /// Says the contrary.
    negated: bool,
}

impl Test {
    /// Adds rules of which each counts one.
    fn with(mut self, rules: &[Rule]) -> Self {
        for rule in rules {
            match rule {
                // An item that stands twice counts twice.
                Rule::Item(item) if self.items & (1 << item) == 0 => self.items |= 1 << item,
                Rule::Item(item) => self.others.push(Self { items: 1 << item, least: 1, ..Self::default() }),
                other => self.others.push(other.test()),
            }
        }
        self
    }

    /// Adds rules that must all hold.
    fn with_all(mut self, rules: &[Rule]) -> Self {
        for rule in rules {
            match rule {
                Rule::Item(item) if self.items & (1 << item) != 0 => continue,
                Rule::All(inner) => {
                    self = self.with_all(inner);
                    continue;
                }
                Rule::Not(rule) => {
                    if let Some(items) = rule.any_of_items() {
                        self.forbidden |= items;
                        continue;
                    }
                }
                _ => {}
            }
            self = Self { least: self.least + 1, ..self }.with(std::slice::from_ref(rule));
        }
        self
    }

    /// Returns what asking costs, in steps.
    pub(super) fn cost(&self) -> u64 {
        1 + self.others.iter().map(Self::cost).sum::<u64>()
    }

    /// Says whether a document that holds the items of `mask` answers.
    pub(super) fn holds(&self, mask: u64) -> bool {
        let enough = || {
            let others = self.others.iter().filter(|other| other.holds(mask)).count() as u32;
            (mask & self.items).count_ones() + others >= self.least
        };
        (mask & self.forbidden == 0 && enough()) != self.negated
    }

    /// Says whether a document may answer that holds the items of `mask`, perhaps some of `open`, and no others. Never
    /// wrongly negative.
    pub(super) fn may_hold(&self, mask: u64, open: u64) -> bool {
        if self.negated {
            let is_certain = mask & self.forbidden == 0 && (open & self.forbidden) == 0 && self.others.is_empty();
            return !is_certain || (mask & self.items).count_ones() < self.least;
        }
        if mask & self.forbidden != 0 {
            return false;
        }
        let others = self.others.iter().filter(|other| other.may_hold(mask, open)).count() as u32;
        ((mask | open) & self.items).count_ones() + others >= self.least
    }
}

fn least(rules: usize) -> u32 {
    u32::try_from(rules).unwrap_or(u32::MAX)
}

fn least_of(rules: usize) -> usize {
    (rules * 6).div_ceil(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_of_one_thing_are_that_thing() {
        let choice = |rules: &[Rule]| Rule::Any(rules.to_vec());
        let (one, other) = (Rule::Most(vec![Rule::Item(0)]), Rule::Item(1));
        let nested = choice(&[choice(&[one.clone(), one.clone()]), Rule::All(vec![one.clone()])]);
        assert_eq!(nested.clone().simplified(), Rule::Item(0));
        assert_eq!(choice(&[nested, other]).simplified(), choice(&[Rule::Item(0), Rule::Item(1)]));
    }
    use proptest::prelude::*;

    fn rules() -> impl Strategy<Value = Rule> {
        let leaf = (0..6usize).prop_map(Rule::Item);
        leaf.prop_recursive(3, 16, 4, |inner| {
            let several = || proptest::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                several().prop_map(Rule::All),
                several().prop_map(Rule::Most),
                several().prop_map(Rule::Any),
                inner.clone().prop_map(|rule| Rule::Not(Box::new(rule))),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_answers_holds_a_driver(rule in rules(), cost in proptest::collection::vec(0u64..9, 6)) {
            if let Some(drivers) = rule.drivers(&cost) {
                for mask in (0..64u64).filter(|mask| rule.holds(*mask)) {
                    prop_assert!(drivers.iter().any(|item| mask & (1 << item) != 0), "{:?} at {:b}", rule, mask);
                }
            }
        }

        #[test]
        fn the_simple_form_of_a_rule_says_the_same(rule in rules()) {
            let simple = rule.clone().simplified();
            for mask in 0..64u64 {
                prop_assert_eq!(simple.holds(mask), rule.holds(mask), "{:?} and {:?} at {:b}", rule, simple, mask);
                prop_assert!(!rule.forbids(mask) || !rule.holds(mask));
            }
        }

        #[test]
        fn the_test_of_a_rule_says_what_the_rule_says(rule in rules()) {
            let test = rule.test();
            for mask in 0..64u64 {
                prop_assert_eq!(test.holds(mask), rule.holds(mask), "{:?} at {:b}", rule, mask);
                for known in 0..64u64 {
                    prop_assert!(!test.holds(mask) || test.may_hold(mask & known, !known), "{:?} at {:b}, {:b}", rule, mask, known);
                }
            }
        }
    }
}
