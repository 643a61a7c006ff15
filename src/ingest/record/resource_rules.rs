//! The rules of `resource_rules.tsv`, which find resource names in records, as a tree of keys that is walked beside the
//! record. One row is one rule.
//!
//! The columns of the file:
//! - the event source;
//! - the path of the field, from `requestParameters.` or `responseElements.`, or after `**.` at any depth under either;
//! - the type as Event history spells it, empty if Event history gives none;
//! - the event names, `*` for all, or after `!` all but these;
//! - the evidence;
//! - the side of a copy: `source`, `target`, or nothing.
//!
//! Arrays are stepped through whether or not a path has `[]`, since EC2's records collapse lists of one. If a rule for all
//! events has a longer path, it is the only one for its place.
//!
//! | evidence | from | Event history lists it |
//! |---|---|---|
//! | `lookup-read` | its answers, for a call that only read | always |
//! | `lookup`, `lookup-null-type` | its answers | for calls that did not only read |
//! | `doc` | its list of types | the same |
//! | `record`, `model`, `model-noncfn` | records, or the service's API | never, or nobody has seen it |

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::arn::Arn;
use crate::embedded::RESOURCE_RULES_TSV;
use crate::event::CopyRole;

/// The condition under which Event history lists the resources of a rule, by the rule's evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListedWhen {
    Never,
    /// For calls that did not only read.
    OfWrites,
    Always,
}

impl ListedWhen {
    fn by(evidence: &str) -> ListedWhen {
        match evidence {
            "lookup-read" => ListedWhen::Always,
            "lookup" | "lookup-null-type" | "doc" => ListedWhen::OfWrites,
            _ => ListedWhen::Never,
        }
    }
}

/// The meaning of the text that a rule finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleTarget {
    /// A resource of this type; empty where Event history gives none.
    Resource { kind: &'static str, listed: ListedWhen, role: Option<CopyRole> },
    /// The source of a copy inside S3, as `x-amz-copy-source` writes it.
    CopySource,
    /// The access key that the event handed out.
    IssuedKey,
    /// The result of a sign-in: `Success` or `Failure`.
    SignIn,
}

/// One rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) meaning: RuleTarget,
    /// The event names that it is for, comma separated, after `!` those that it is not for, or `*`.
    event_names: &'static str,
}

impl Rule {
    fn is_for_all(&self) -> bool {
        self.event_names == "*"
    }

    /// Reports whether the rule is for events of this name.
    pub(crate) fn is_for(&self, event_name: &str) -> bool {
        let named = |names: &str| names.split(',').any(|name| name == event_name);
        match self.event_names.strip_prefix('!') {
            Some(names) => !named(names),
            None => self.event_names == "*" || named(self.event_names),
        }
    }
}

/// The number of a node in a [`Tree`].
pub(crate) type Node = u32;

/// The rules of one event source as a tree of keys.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tree {
    nodes: Vec<TreeNode>,
}

#[derive(Debug, Default, Clone)]
struct TreeNode {
    children: FxHashMap<&'static str, Node>,
    rules: Vec<Rule>,
}

/// The node of paths from the top of a record.
pub(crate) const ROOT: Node = 0;
/// The node of paths at any depth.
const ANYWHERE: Node = 1;
/// The number of nodes that can be open at once: one from the top and the unfinished ones from anywhere. The longest
/// path after `**.` has two keys.
const MAX_OPEN: usize = 6;

/// The nodes that are open at one place of a record.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OpenNodes {
    nodes: [Node; MAX_OPEN],
    count: usize,
}

impl OpenNodes {
    /// The top of a record.
    pub(crate) fn at_root() -> OpenNodes {
        let mut open = OpenNodes::default();
        open.push(ROOT);
        open
    }

    fn push(&mut self, node: Node) {
        if self.count < MAX_OPEN {
            self.nodes[self.count] = node;
            self.count += 1;
        }
    }

    fn iter(&self) -> impl Iterator<Item = Node> {
        self.nodes[..self.count].iter().copied()
    }
}

impl Tree {
    fn new() -> Tree {
        Tree { nodes: vec![TreeNode::default(), TreeNode::default()] }
    }

    fn add(&mut self, path: &'static str, rule: Rule) {
        let (mut node, path) = match path.strip_prefix("**.") {
            Some(rest) => (ANYWHERE, rest),
            None => (ROOT, path),
        };
        for key in path.split('.') {
            let key = key.trim_end_matches("[]");
            let next = self.nodes.len() as Node;
            let child = *self.nodes[node as usize].children.entry(key).or_insert(next);
            if child == next {
                self.nodes.push(TreeNode::default());
            }
            node = child;
        }
        self.nodes[node as usize].rules.push(rule);
    }

    /// The nodes that are open after `key`.
    pub(crate) fn enter(&self, open: &OpenNodes, key: &str) -> OpenNodes {
        let mut next = OpenNodes::default();
        for node in open.iter().chain([ANYWHERE]) {
            if let Some(child) = self.nodes[node as usize].children.get(key) {
                next.push(*child);
            }
        }
        next
    }

    /// The rules that end at this place, those of the longest path first.
    pub(crate) fn rules(&self, open: &OpenNodes) -> impl Iterator<Item = &Rule> {
        let mut covered = false;
        open.iter()
            .map(|node| &self.nodes[node as usize].rules)
            .take_while(move |rules| {
                let shown = !covered;
                covered |= rules.iter().any(Rule::is_for_all);
                shown
            })
            .flatten()
    }
}

/// All rules, by event source.
struct Rules {
    by_source: FxHashMap<&'static str, Tree>,
    /// For every other source.
    common: Tree,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let mut common = Tree::new();
    for (path, meaning) in [
        ("responseElements.credentials.accessKeyId", RuleTarget::IssuedKey),
        ("responseElements.accessKey.accessKeyId", RuleTarget::IssuedKey),
        ("responseElements.CheckMfa", RuleTarget::SignIn),
        ("responseElements.ConsoleLogin", RuleTarget::SignIn),
        ("responseElements.EmailUpdated", RuleTarget::SignIn),
        ("responseElements.ExitRole", RuleTarget::SignIn),
        ("responseElements.ExternalIdPDirectoryLogin", RuleTarget::SignIn),
        ("responseElements.GetSigninToken", RuleTarget::SignIn),
        ("responseElements.PasswordRecoveryCompleted", RuleTarget::SignIn),
        ("responseElements.PasswordRecoveryRequested", RuleTarget::SignIn),
        ("responseElements.PasswordUpdated", RuleTarget::SignIn),
        ("responseElements.RenewRole", RuleTarget::SignIn),
        ("responseElements.SwitchRole", RuleTarget::SignIn),
    ] {
        common.add(path, Rule { meaning, event_names: "*" });
    }
    let mut by_source: FxHashMap<&'static str, Tree> = FxHashMap::default();
    for [source, path, kind, event_names, evidence, side] in rows(RESOURCE_RULES_TSV.as_str()) {
        let meaning = RuleTarget::Resource { kind, listed: ListedWhen::by(evidence), role: copy_role(side) };
        let rule = Rule { meaning, event_names };
        by_source.entry(source).or_insert_with(|| common.clone()).add(path, rule);
    }
    let s3 = by_source.entry("s3.amazonaws.com").or_insert_with(|| common.clone());
    s3.add("requestParameters.x-amz-copy-source", Rule { meaning: RuleTarget::CopySource, event_names: "*" });
    Rules { by_source, common }
});

/// The rows of a tab-separated table, without its heading.
pub(crate) fn rows<const COLUMNS: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; COLUMNS]> {
    table.lines().skip(1).filter_map(|line| {
        let mut cells = line.split('\t');
        let row = std::array::from_fn(|_| cells.next().unwrap_or_default());
        (!line.is_empty()).then_some(row)
    })
}

/// The side of a copy that a rule names.
fn copy_role(side: &str) -> Option<CopyRole> {
    match side {
        "source" => Some(CopyRole::Source),
        "target" => Some(CopyRole::Target),
        _ => None,
    }
}

/// The rules for records of this event source.
pub(crate) fn for_source(event_source: &str) -> &'static Tree {
    RULES.by_source.get(event_source).unwrap_or(&RULES.common)
}

/// The type of what an ARN names, as Event history spells it, from `arn_types.tsv`.
pub(crate) fn kind_of(arn: &Arn<'_>) -> Option<&'static str> {
    static KINDS: LazyLock<FxHashMap<(&'static str, &'static str), &'static str>> = LazyLock::new(|| {
        rows(include_str!("arn_types.tsv")).map(|[service, kind, name]| ((service, kind), name)).collect()
    });
    match (arn.service, arn.kind()) {
        ("elasticloadbalancing", "loadbalancer") if !is_new_load_balancer(arn.resource) => {
            Some("AWS::ElasticLoadBalancing::LoadBalancer")
        }
        pair => KINDS.get(&pair).copied(),
    }
}

fn is_new_load_balancer(resource: &str) -> bool {
    ["loadbalancer/app/", "loadbalancer/net/", "loadbalancer/gwy/"].iter().any(|start| resource.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::{ListedWhen, OpenNodes, RuleTarget, for_source, rows};
    use crate::embedded::RESOURCE_RULES_TSV;

    fn kinds(source: &str, path: &[&str], event_name: &str) -> Vec<&'static str> {
        let tree = for_source(source);
        let open = path.iter().fold(OpenNodes::at_root(), |open, key| tree.enter(&open, key));
        tree.rules(&open)
            .filter(|rule| rule.is_for(event_name))
            .filter_map(|rule| match rule.meaning {
                RuleTarget::Resource { kind, .. } => Some(kind),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn every_row_has_its_columns() {
        for [source, path, kind, names, evidence, side] in rows::<6>(RESOURCE_RULES_TSV.as_str()) {
            assert!(source.ends_with(".amazonaws.com"), "{source}");
            assert!(
                ["requestParameters.", "responseElements.", "**."].iter().any(|start| path.starts_with(start)),
                "{path}"
            );
            assert!(kind.is_empty() || kind.starts_with("AWS::"), "{kind}");
            assert!(["", "source", "target"].contains(&side), "{path}: {side}");
            let listed = ListedWhen::by(evidence) != ListedWhen::Never;
            let known = ["lookup-read", "lookup", "lookup-null-type", "doc", "record", "model", "model-noncfn"];
            assert!(!names.is_empty() && known.contains(&evidence), "{path}");
            assert!(!kind.is_empty() || listed, "{path}: a name without a type is only reported where it is listed");
            let names = names.trim_start_matches('!');
            assert!(names == "*" || names.split(',').all(|name| name.starts_with(char::is_uppercase)), "{path}");
        }
    }

    #[test]
    fn exact_paths_and_any_depth_are_found_for_their_events_only() {
        let deep = ["responseElements", "instancesSet", "items", "instanceId"];
        assert_eq!(kinds("ec2.amazonaws.com", &deep, "RunInstances"), ["AWS::EC2::Instance"]);
        let association = ["responseElements", "associationId"];
        assert_eq!(kinds("ec2.amazonaws.com", &association, "AssociateAddress"), ["AWS::EC2::EIPAssociation"]);
        assert!(kinds("ec2.amazonaws.com", &association, "RunInstances").is_empty());
        assert!(kinds("unheard-of.amazonaws.com", &deep, "RunInstances").is_empty());
    }

    #[test]
    fn the_longest_path_for_all_events_is_the_only_one_for_its_place() {
        let placement = ["responseElements", "placement", "groupName"];
        assert_eq!(kinds("ec2.amazonaws.com", &placement, "RunInstances"), ["AWS::EC2::PlacementGroup"]);
        let group = ["requestParameters", "groupName"];
        assert_eq!(kinds("ec2.amazonaws.com", &group, "CreateSecurityGroup"), ["AWS::EC2::SecurityGroup"]);
        assert_eq!(kinds("ec2.amazonaws.com", &group, "CreatePlacementGroup"), ["AWS::EC2::PlacementGroup"]);
    }

    #[test]
    fn two_keys_at_any_depth_must_follow_each_other() {
        let profile = ["requestParameters", "x", "iamInstanceProfile", "arn"];
        assert_eq!(kinds("ec2.amazonaws.com", &profile, "RunInstances"), ["AWS::IAM::InstanceProfile"]);
        let apart = ["requestParameters", "iamInstanceProfile", "x", "arn"];
        assert!(kinds("ec2.amazonaws.com", &apart, "RunInstances").is_empty());
    }
}
