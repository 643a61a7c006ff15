//! Who acts: the accounts of an organization, and in each the roles of services and of people, the IAM users, root, and
//! the services of AWS. A session is a function of who, where and when, so any file can be made without the others.

use super::rng::{Rng, hash, mix};

/// Account ids and how much happens in each.
pub const ACCOUNTS: &[(&str, u64)] = &[
    ("111122223333", 46),
    ("222233334444", 20),
    ("333344445555", 14),
    ("444455556666", 9),
    ("555566667777", 7),
    ("666677778888", 4),
];

/// Regions and how much happens in each.
pub const REGIONS: &[(&str, u64)] = &[
    ("us-east-1", 480),
    ("eu-west-1", 210),
    ("us-west-2", 120),
    ("eu-central-1", 80),
    ("ap-southeast-1", 40),
    ("us-east-2", 30),
    ("ap-northeast-1", 12),
    ("sa-east-1", 8),
    ("ca-central-1", 6),
    ("ap-south-1", 6),
    ("eu-west-2", 4),
    ("ap-southeast-2", 4),
];

pub const WORDS: &[&str] = &[
    "orders",
    "billing",
    "search",
    "catalog",
    "checkout",
    "media",
    "reports",
    "users",
    "inventory",
    "payments",
    "email",
    "ledger",
    "metrics",
    "audit",
    "gateway",
    "session",
    "pricing",
    "export",
    "archive",
    "images",
    "recs",
    "fraud",
    "support",
    "staging",
    "backup",
    "events",
    "ingest",
    "stream",
    "batch",
    "portal",
    "partner",
    "mobile",
    "web",
    "data",
    "ml",
    "feature",
    "config",
    "deploy",
    "build",
    "edge",
    "cache",
    "queue",
    "worker",
    "cron",
    "notify",
    "auth",
    "token",
    "asset",
];

const SERVICES: &[&str] = &[
    "ec2",
    "lambda",
    "s3",
    "cloudtrail",
    "autoscaling",
    "ecs-tasks",
    "config",
    "delivery.logs",
    "kafka",
    "rds",
    "backup",
    "secretsmanager",
    "ssm",
    "elasticloadbalancing",
    "guardduty",
    "eks",
    "states",
    "firehose",
    "events",
    "dynamodb",
];

const ROLES: u64 = 90;
const PEOPLE: u64 = 60;
const USERS: u64 = 40;
/// The first people administer, and one role of an account deploys.
const ADMINISTRATORS: u64 = 2;
const DEPLOYMENT_ROLE: u64 = 3;
/// The users who sign in to the console.
const USERS_WITH_MFA: [u64; 7] = [3, 6, 15, 18, 27, 30, 39];
const USER_WITHOUT_MFA: u64 = 2;

/// One who acts, with the credentials of the moment.
#[derive(Default)]
pub struct Session {
    pub kind: &'static str,
    pub principal_id: String,
    pub arn: String,
    pub account: &'static str,
    pub key: String,
    pub user_name: String,
    /// The role's name, ARN and id.
    pub issuer: Option<(String, String, String)>,
    pub name: String,
    /// Unix seconds; 0 where there is no session.
    pub created: i64,
    pub mfa: bool,
    pub console: bool,
    pub instance: bool,
    pub address: String,
    pub agent: String,
    pub invoked_by: String,
    pub provider: String,
}

/// A moment in an account and Region.
#[derive(Clone, Copy)]
pub struct Place {
    pub seed: u64,
    pub account: usize,
    pub region: usize,
    pub time: i64,
}

impl Place {
    pub fn account_id(&self) -> &'static str {
        ACCOUNTS[self.account].0
    }

    fn numbers(&self, kind: &str, index: u64) -> [u64; 4] {
        [self.seed, self.account as u64, hash(kind), index]
    }

    fn text(&self, prefix: &str, kind: &str, index: u64) -> String {
        let mut text = prefix.to_owned();
        Rng::new(&self.numbers(kind, index)).base32(20 - prefix.len(), &mut text);
        text
    }

    fn period(&self, salt: u64, seconds: i64) -> (i64, u64) {
        let shift = (salt % seconds as u64) as i64;
        let number = (self.time - shift).div_euclid(seconds);
        (number * seconds + shift, number as u64)
    }

    /// The name of one of the account's users.
    pub fn user_name(&self, index: u64) -> String {
        let mut rng = Rng::new(&self.numbers("user", index));
        match index % 4 {
            0 => format!("{}-ci", rng.pick(WORDS)),
            1 => format!("svc-{}-{}", rng.pick(WORDS), rng.pick(WORDS)),
            _ => person_name(self.seed, index),
        }
    }

    /// The access key of one of the account's users.
    pub fn user_key(&self, index: u64) -> String {
        self.text("AKIA", "user key", index)
    }

    /// Who does this, by the column `who` of events.tsv. What is often done is done by few, other ones each time.
    pub fn actor(&self, who: &str, event: &str, rng: &mut Rng) -> Session {
        let pick = |count: u64, rng: &mut Rng| {
            let rank = rng.tail(count);
            if rng.one_in(2) { rank } else { (rank + hash(event)) % count }
        };
        let chance = rng.below(1000);
        match (who, chance) {
            ("event", _) => Session { invoked_by: service(rng), ..self.service(rng, true) },
            ("cross", _) => self.other_account(rng),
            ("web", _) => self.web_identity(rng),
            ("saml", _) => self.saml(rng),
            ("svc", 0..400) => self.service(rng, false),
            ("svc", 400..650) => {
                let by = service(rng);
                let session = self.role(pick(ROLES, rng), rng);
                Session { address: by.clone(), agent: by.clone(), invoked_by: by, ..session }
            }
            // Root signs in to the first account now and then, and does nothing there that others can do.
            ("console", 0..4) if self.account == 0 => self.root(rng),
            ("any", 0..160) | ("person", 0..620) | ("console", 0..700) => self.person(pick(PEOPLE, rng)),
            ("console", 980..) if self.account < 2 => self.user(USER_WITHOUT_MFA, rng),
            ("console", _) => self.user(rng.pick(&USERS_WITH_MFA), rng),
            ("any", 160..300) | ("person", 620..960) | ("work", 0..80) => self.user(pick(USERS, rng), rng),
            ("admin", _) => self.person(rng.tail(ADMINISTRATORS)),
            ("fleet", 0..800) => self.autoscaling(rng),
            ("fleet" | "deploy", _) => self.role(DEPLOYMENT_ROLE, rng),
            ("inst", _) => self.role(pick(ROLES / 4, rng) * 4, rng),
            _ => self.role(pick(ROLES, rng), rng),
        }
    }

    /// A role that some service assumes, and its session of the moment.
    pub fn target(&self, rng: &mut Rng) -> Session {
        let role = rng.tail(ROLES);
        self.role(role, rng)
    }

    fn role(&self, index: u64, rng: &mut Rng) -> Session {
        let mut fixed = Rng::new(&self.numbers("role", index));
        let (first, second) = (fixed.pick(WORDS), fixed.pick(WORDS));
        let slot = rng.tail(1 + fixed.tail(20));
        let salt = mix(&[self.seed, self.account as u64, self.region as u64, index, slot]);
        let (seconds, name) = match index % 4 {
            0 => (21_600, format!("{first}-{second}-instance-role")),
            1 => (43_200, format!("{first}-{second}-lambda-role")),
            2 => (14_400, format!("{first}-{second}-task-role")),
            _ => {
                let use_of = fixed.pick(&["irsa", "deploy", "monitoring", "readonly"]);
                let use_of = if index == DEPLOYMENT_ROLE { "deploy" } else { use_of };
                (3_600, format!("{first}-{second}-{use_of}"))
            }
        };
        let (created, period) = self.period(salt, seconds);
        let mut of_session = Rng::new(&[salt, period]);
        let mut session_name = String::new();
        match index % 4 {
            0 => {
                session_name.push_str("i-0");
                Rng::new(&[salt]).hex(16, &mut session_name);
            }
            1 => session_name = format!("{first}-{second}-{}", WORDS[slot as usize % WORDS.len()]),
            // A task runs for days under one name, with new keys every few hours.
            2 => Rng::new(&[salt, self.period(salt, 259_200).1]).hex(32, &mut session_name),
            _ => session_name = format!("botocore-session-{created}"),
        }
        let mut key = "ASIA".to_owned();
        of_session.base32(16, &mut key);
        let (id, account) = (self.text("AROA", "role", index), self.account_id());
        let address = match fixed.below(10) {
            // Instances call through the VPC endpoints of their networks.
            _ if index.is_multiple_of(4) => private_address(salt),
            0..4 => public_address(self.seed, 9_000 + self.account as u64 * 16 + self.region as u64 * 3 + slot % 3),
            4..6 => private_address(salt),
            _ => public_address(self.seed, salt % 4_000),
        };
        Session {
            kind: "AssumedRole",
            principal_id: format!("{id}:{session_name}"),
            arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{session_name}"),
            account,
            key,
            issuer: Some((name.clone(), format!("arn:aws:iam::{account}:role/{name}"), id)),
            name: session_name,
            created,
            instance: index.is_multiple_of(4),
            address,
            agent: agent(self.seed, fixed.tail(150)),
            ..Session::default()
        }
    }

    fn person(&self, index: u64) -> Session {
        let mut fixed = Rng::new(&self.numbers("person", index));
        let set = fixed.pick(&["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "Developer", "Billing"]);
        let set = if index < ADMINISTRATORS { "AdministratorAccess" } else { set };
        let mut role = format!("AWSReservedSSO_{set}_");
        Rng::new(&self.numbers(set, 0)).hex(16, &mut role);
        let (created, period) = self.period(mix(&[self.seed, index]), 28_800);
        let mut today = Rng::new(&[self.seed, index, period, self.account as u64]);
        let mut key = "ASIA".to_owned();
        today.base32(16, &mut key);
        let (id, account) = (self.text("AROA", set, 0), self.account_id());
        let name = format!("{}@example.com", person_name(self.seed, index));
        let console = today.below(3) < 2;
        Session {
            kind: "AssumedRole",
            principal_id: format!("{id}:{name}"),
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"),
            account,
            key,
            issuer: Some((
                role.clone(),
                format!("arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/{role}"),
                id,
            )),
            name,
            created,
            console,
            address: public_address(self.seed, 4_000 + index * 7 + today.tail(7)),
            agent: if console { browser(index, period) } else { agent(self.seed, 150 + fixed.below(30)) },
            ..Session::default()
        }
    }

    fn user(&self, index: u64, rng: &mut Rng) -> Session {
        let name = self.user_name(index);
        let human = index % 4 > 1;
        let (created, period) = self.period(mix(&[self.seed, index, 5]), 43_200);
        let with_mfa = human && index.is_multiple_of(3);
        let key = if with_mfa {
            let mut key = "ASIA".to_owned();
            Rng::new(&[self.seed, index, period, 77]).base32(16, &mut key);
            key
        } else {
            self.user_key(index)
        };
        Session {
            kind: "IAMUser",
            principal_id: self.text("AIDA", "user", index),
            arn: format!("arn:aws:iam::{}:user/{name}", self.account_id()),
            account: self.account_id(),
            key,
            user_name: name,
            created: if with_mfa { created } else { 0 },
            mfa: with_mfa,
            console: with_mfa,
            address: if human { public_address(self.seed, 5_000 + index * 3) } else { self.build_address(index, rng) },
            agent: if with_mfa { browser(index, period) } else { agent(self.seed, (index * 7) % 180) },
            ..Session::default()
        }
    }

    /// One of the addresses of the network in which a user's programs run.
    fn build_address(&self, index: u64, rng: &mut Rng) -> String {
        let bits = mix(&[self.seed, self.account as u64, index, 12]);
        format!("52.{}.{}.{}", bits as u8, (bits >> 8) as u8, 1 + rng.tail(254))
    }

    /// The service-linked role that replaces instances of groups.
    fn autoscaling(&self, rng: &mut Rng) -> Session {
        let account = self.account_id();
        let (name, by) = ("AWSServiceRoleForAutoScaling", "autoscaling.amazonaws.com");
        let role = format!("arn:aws:iam::{account}:role/aws-service-role/{by}/{name}");
        let id = self.text("AROA", "autoscaling", 0);
        let mut key = "ASIA".to_owned();
        rng.base32(16, &mut key);
        Session {
            kind: "AssumedRole",
            principal_id: format!("{id}:AutoScaling"),
            arn: format!("arn:aws:sts::{account}:assumed-role/{name}/AutoScaling"),
            account,
            key,
            issuer: Some((name.to_owned(), role, id)),
            name: "AutoScaling".to_owned(),
            created: self.time - self.time % 3_600,
            address: by.to_owned(),
            agent: by.to_owned(),
            invoked_by: by.to_owned(),
            ..Session::default()
        }
    }

    fn root(&self, rng: &mut Rng) -> Session {
        Session {
            kind: "Root",
            principal_id: self.account_id().to_owned(),
            arn: format!("arn:aws:iam::{}:root", self.account_id()),
            account: self.account_id(),
            key: self.text("ASIA", "root", self.time as u64 / 7_200),
            created: self.time - self.time % 7_200,
            mfa: true,
            address: public_address(self.seed, 8_000 + rng.below(4)),
            agent: browser(0, self.time as u64 / 1_000_000),
            ..Session::default()
        }
    }

    fn service(&self, rng: &mut Rng, untyped: bool) -> Session {
        let by = service(rng);
        Session {
            kind: if untyped { "" } else { "AWSService" },
            account: self.account_id(),
            address: by.clone(),
            agent: by.clone(),
            invoked_by: by,
            ..Session::default()
        }
    }

    fn other_account(&self, rng: &mut Rng) -> Session {
        let vendor = rng.tail(6);
        let id = ["464622532012", "714567890123", "999988887777", "111122223333", "222233334444", "810011223344"];
        let mut principal_id = "AROA".to_owned();
        Rng::new(&[self.seed, vendor]).base32(16, &mut principal_id);
        principal_id.push_str([":datadog", ":scanner", ":audit", ":pipeline", ":backup", ":cost"][vendor as usize]);
        Session {
            kind: "AWSAccount",
            principal_id,
            account: id[vendor as usize],
            address: public_address(self.seed, 8_100 + vendor * 40 + rng.tail(40)),
            agent: agent(self.seed, vendor * 9),
            ..Session::default()
        }
    }

    fn web_identity(&self, rng: &mut Rng) -> Session {
        let slot = rng.tail(120);
        let mut fixed = Rng::new(&self.numbers("web", slot));
        let user = format!("system:serviceaccount:{}:{}", fixed.pick(WORDS), fixed.pick(WORDS));
        let mut oidc = String::new();
        Rng::new(&self.numbers("oidc", 0)).letters(32, b"0123456789ABCDEF", &mut oidc);
        let region = REGIONS[self.region].0;
        let provider =
            format!("arn:aws:iam::{}:oidc-provider/oidc.eks.{region}.amazonaws.com/id/{oidc}", self.account_id());
        Session {
            kind: "WebIdentityUser",
            principal_id: format!("{provider}:sts.amazonaws.com:{user}"),
            user_name: user,
            provider,
            account: self.account_id(),
            address: public_address(self.seed, 8_500 + slot),
            agent: agent(self.seed, fixed.tail(60)),
            ..Session::default()
        }
    }

    fn saml(&self, rng: &mut Rng) -> Session {
        let person = rng.tail(PEOPLE);
        let name = format!("{}@example.com", person_name(self.seed, person));
        Session {
            kind: "SAMLUser",
            principal_id: format!("Qx7yEXAMPLE{}=:{name}", self.account),
            user_name: name,
            provider: "Qx7yEXAMPLE=".to_owned(),
            account: self.account_id(),
            address: public_address(self.seed, 4_000 + person * 7),
            agent: "aws-internal/3 aws-sdk-java/1.12.9 Linux/5.10".to_owned(),
            ..Session::default()
        }
    }
}

fn service(rng: &mut Rng) -> String {
    format!("{}.amazonaws.com", SERVICES[rng.tail(SERVICES.len() as u64) as usize])
}

fn person_name(seed: u64, index: u64) -> String {
    const FIRST: [&str; 16] = [
        "alice", "bruno", "chen", "dana", "emeka", "farah", "goran", "hana", "ivan", "june", "karim", "lena", "mara",
        "nils", "olga", "priya",
    ];
    const LAST: [&str; 12] =
        ["adams", "berg", "costa", "dogan", "evans", "fischer", "garcia", "haddad", "ito", "jansen", "kovac", "li"];
    let number = mix(&[seed, index, 3]) as usize;
    format!("{}.{}", FIRST[number % FIRST.len()], LAST[(number >> 8) % LAST.len()])
}

fn public_address(seed: u64, index: u64) -> String {
    let bits = mix(&[seed, index, 11]);
    if index.is_multiple_of(97) {
        return format!("2600:1f18:{:x}:{:x}::{:x}", bits as u16, (bits >> 16) as u16, (bits >> 32) as u16);
    }
    let first = [3, 18, 34, 35, 44, 52, 54, 63, 99, 203, 85, 91][(bits >> 40) as usize % 12];
    format!("{first}.{}.{}.{}", (bits >> 16) as u8, (bits >> 8) as u8, bits as u8 | 1)
}

fn private_address(bits: u64) -> String {
    format!("10.{}.{}.{}", bits as u8 % 8, (bits >> 8) as u8, (bits >> 16) as u8)
}

fn browser(person: u64, period: u64) -> String {
    let version = 118 + period % 60 / 6;
    match person % 4 {
        0 => "AWS Internal".to_owned(),
        1 => format!("Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"),
        2 => format!(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/{version}.0.0.0 Safari/537.36"
        ),
        _ => format!("[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.{} Linux/5.10]", version * 4),
    }
}

/// One of about 200 user agents.
fn agent(seed: u64, index: u64) -> String {
    let mut rng = Rng::new(&[seed, index, 21]);
    let (a, b, c) = (rng.below(40), rng.below(200), rng.below(12));
    match index % 9 {
        0 => format!(
            "Boto3/1.{a}.{b} md/Botocore#1.{a}.{b} ua/2.0 os/linux#5.10.{b}-{b}.amzn2.x86_64 md/arch#x86_64 \
             lang/python#3.{c}.2 md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.{a}.{b}"
        ),
        1 => format!("aws-sdk-go/1.{a}.{b} (go1.2{}; linux; amd64)", c % 3),
        2 => format!(
            "aws-sdk-go-v2/1.{a}.{c} os/linux lang/go#1.2{}.{c} md/GOOS#linux md/GOARCH#amd64 api/{}#1.{b}.0",
            c % 3,
            rng.pick(SERVICES)
        ),
        3 => format!(
            "aws-cli/2.{a}.{c} md/awscrt#0.19.{c} ua/2.0 os/linux#6.1.{b} md/arch#x86_64 lang/python#3.11.{c} \
             cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#{}.{}",
            rng.pick(SERVICES),
            rng.pick(WORDS)
        ),
        4 => format!("aws-sdk-java/2.{a}.{b} Linux/5.10.{b} OpenJDK_64-Bit_Server_VM/17.0.{c}+7-LTS Java/17.0.{c}"),
        5 => format!("aws-sdk-nodejs/2.1{b}.0 linux/v18.{c}.1 exec-env/AWS_Lambda_nodejs18.x promise"),
        6 => format!(
            "APN/1.0 HashiCorp/1.0 Terraform/1.{c}.{} (+https://www.terraform.io) terraform-provider-aws/5.{a}.0",
            c % 7
        ),
        7 => format!("aws-sdk-js/3.{b}.0 ua/2.0 os/linux#5.10 lang/js md/nodejs#20.{c}.0 api/{}", rng.pick(SERVICES)),
        _ => format!("amazon-ssm-agent/3.2.{b}.0 aws-sdk-go/1.44.{a} (go1.20.{c}; linux; amd64)"),
    }
}
