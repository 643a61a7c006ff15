//! Amazon Resource Names: their parts, and the name inside them. Imports nothing of trailq.
//!
//! The grammar and the forms by service are those of `guide/internals/formats.md`, 7.1 and 7.2.

/// The parts of `arn:partition:service:region:account:resource`; region and account may be empty, and the resource
/// may hold further `:` and `/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, ...
    pub partition: &'a str,
    /// `iam`, `ec2`, ...
    pub service: &'a str,
    /// Empty for a global service.
    pub region: &'a str,
    /// Empty for S3 buckets and a few others.
    pub account: &'a str,
    /// Everything after the fifth colon.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits `text` into its parts; `None` if it is not an ARN.
    pub(crate) fn parse(text: &'a str) -> Option<Arn<'a>> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let arn = Arn {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        let sound =
            !arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty() && !has_white_space(text);
        sound.then_some(arn)
    }

    /// Returns the kind of resource, such as `role`; for services whose ARNs have none, what they contain.
    pub(crate) fn kind(&self) -> &'a str {
        match self.service {
            "s3" if self.resource.contains('/') => "object",
            "s3" => "bucket",
            "sns" => "topic",
            "sqs" => "queue",
            _ => {
                let resource = self.resource.trim_start_matches('/');
                match resource.find(['/', ':']) {
                    Some(end) => &resource[..end],
                    None => "",
                }
            }
        }
    }

    /// Returns the resource's name or id, as the API that created it spells it.
    pub(crate) fn name(&self) -> &'a str {
        let resource = self.resource.trim_start_matches('/');
        let after_kind = resource.find(['/', ':']).map_or(resource, |at| &resource[at + 1..]);
        let name = match (self.service, self.kind()) {
            ("s3" | "sqs", _) | ("kms", "alias") => resource,
            ("sns", _) => resource.split(':').next().unwrap_or(resource),
            ("logs", "log-group") => after_kind.split(':').next().unwrap_or(after_kind),
            ("ssm", "parameter") if after_kind.contains('/') => &resource["parameter".len()..],
            ("ecs", "task-definition") | ("rds" | "ssm", _) => after_kind,
            ("lambda", _) => after_kind.split(':').next().unwrap_or(after_kind),
            ("dynamodb" | "apigateway" | "cloudformation", _) => after_kind.split('/').next().unwrap_or(after_kind),
            ("secretsmanager", "secret") => without_secret_suffix(after_kind),
            ("elasticloadbalancing", "loadbalancer") => load_balancer_name(after_kind),
            ("elasticloadbalancing", "targetgroup") => after_kind.split('/').next().unwrap_or(after_kind),
            ("autoscaling", "autoScalingGroup" | "launchConfiguration") => last_part(resource),
            _ => last_part(resource),
        };
        if name.is_empty() { resource } else { name }
    }

    /// Returns a part by its name in the SQL function `arn_part`: partition, service, region, account, resource, kind
    /// or name.
    pub(crate) fn part(&self, name: &str) -> Option<&'a str> {
        Some(match name {
            "partition" => self.partition,
            "service" => self.service,
            "region" => self.region,
            "account" => self.account,
            "resource" => self.resource,
            "kind" | "type" => self.kind(),
            "name" => self.name(),
            _ => return None,
        })
    }
}

/// Returns the text after the last `/` or `:`.
pub(crate) fn last_part(text: &str) -> &str {
    text.rfind(['/', ':']).map_or(text, |at| &text[at + 1..])
}

/// Reports whether a text has white space. Nearly every ARN has only printable characters of ASCII, which are not decoded.
fn has_white_space(text: &str) -> bool {
    let others = text.bytes().filter(|byte| !matches!(byte, b'!'..=b'~')).count();
    others > 0 && text.contains(char::is_whitespace)
}

/// Returns a secret's name without the hyphen and six characters that Secrets Manager appends.
fn without_secret_suffix(name: &str) -> &str {
    match name.len().checked_sub(7) {
        Some(at) if name.as_bytes()[at] == b'-' && at > 0 => &name[..at],
        _ => name,
    }
}

/// Returns `name` of `name` (classic) and of `app/name/id`.
fn load_balancer_name(resource: &str) -> &str {
    let mut parts = resource.split('/');
    match (parts.next(), parts.next()) {
        (Some("app" | "net" | "gwy"), Some(name)) => name,
        (Some(name), _) => name,
        _ => resource,
    }
}

/// Reports whether a text is the id of an account: 12 digits.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::Arn;

    #[test]
    fn names_are_those_that_the_apis_use() {
        for (arn, kind, name) in [
            ("arn:aws:s3:::acme-logs", "bucket", "acme-logs"),
            ("arn:aws:s3:::acme-logs/a/b.txt", "object", "acme-logs/a/b.txt"),
            ("arn:aws:iam::111122223333:role/path/Admin", "role", "Admin"),
            ("arn:aws:iam::111122223333:root", "", "root"),
            ("arn:aws:sts::111122223333:assumed-role/Admin/alice", "assumed-role", "alice"),
            ("arn:aws:ec2:us-east-1:111122223333:instance/i-0abc", "instance", "i-0abc"),
            ("arn:aws:lambda:us-east-1:111122223333:function:resize:7", "function", "resize"),
            ("arn:aws:sns:us-east-1:111122223333:alarms", "topic", "alarms"),
            ("arn:aws:dynamodb:us-east-1:111122223333:table/orders/index/by-day", "table", "orders"),
            ("arn:aws:rds:us-east-1:111122223333:db:orders", "db", "orders"),
            ("arn:aws:kms:us-east-1:111122223333:alias/app", "alias", "alias/app"),
            ("arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/f:*", "log-group", "/aws/lambda/f"),
            ("arn:aws:secretsmanager:us-east-1:111122223333:secret:db/pass-AbCdEf", "secret", "db/pass"),
            ("arn:aws:ssm:us-east-1:111122223333:parameter/a/b", "parameter", "/a/b"),
            ("arn:aws:ecs:us-east-1:111122223333:cluster/default", "cluster", "default"),
            ("arn:aws:ecs:us-east-1:111122223333:task-definition/web:7", "task-definition", "web:7"),
            (
                "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188",
                "loadbalancer",
                "web",
            ),
            ("arn:aws:cloudformation:us-east-1:111122223333:stack/web/0fa1", "stack", "web"),
            (
                "arn:aws:autoscaling:us-east-1:111122223333:autoScalingGroup:1f2e:autoScalingGroupName/web",
                "autoScalingGroup",
                "web",
            ),
            ("arn:aws:apigateway:us-east-1::/restapis/a1b2/stages", "restapis", "a1b2"),
        ] {
            let parsed = Arn::parse(arn).unwrap_or_else(|| panic!("{arn} is an ARN"));
            assert_eq!((parsed.kind(), parsed.name()), (kind, name), "{arn}");
        }
    }

    #[test]
    fn other_texts_are_not_arns() {
        for text in [
            "",
            "arn:",
            "arn:aws:iam",
            "arn:aws:iam::1",
            "arn:aws:iam::1:",
            "arn:a b:iam::1:x",
            "arn:aws:s3:::a\u{b}b",
            "arn:aws:s3:::é\u{a0}b",
            "i-0abc",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
