//! orderinfra makes AWS what a Pulumi YAML program says, and keeps it so.
//!
//! A program is read whole and checked whole. From the program, the state and
//! the live account a pure function makes a plan. The plan is shown, then
//! carried out, and every step is in a journal before and after its AWS call.
//!
//! # The map, in reading order
//!
//! ```text
//! main.rs            reads the process's surroundings, runs, answers the exit code
//! cli/               everything a terminal sees: arguments, output, questions
//!   mod.rs             every flag, and one `match`
//!   session.rs         which project, stack, configuration, state and account
//!   drive.rs           the way of preview, up, destroy and refresh
//!   history.rs, audit.rs what runs did, and every call they made
//!   deployment.rs      the state as a Pulumi deployment, out and in
//!   rotate.rs          another key for a stack's secrets
//!   secrets.rs, kms.rs what encrypts them: key file, passphrase, AWS KMS
//!   state.rs           backups of the state file, and how to put one back
//!   shift/             traffic from one colour to the other, as a person says it
//!   all.rs             several stacks together; `references.rs` tells who needs whom
//!   operate.rs         tasks, new deployments and logs
//!   schema.rs          the schema for editors, and the coverage of Pulumi's
//!   interrupt.rs       signals: end at once, or tell the run
//!   renew.rs           waits for credentials that a person renews
//!   local.rs           starts, finds and ends the emulator, a Python program in `local/`
//!   render.rs, live.rs plans and progress as text; `ui.rs` alone writes
//! lang/              Pulumi YAML to a `Program`, expressions to values
//!   load/              finds and reads the files: the only IO of the language
//!   config/            a stack's configuration; `edit/` changes its file
//!   parse/             YAML nodes to the tree of `ast.rs`
//!   expand/            components, repetition and conditions to a plain program
//!   check/             all that can be known to be wrong before anything runs
//!   eval/, builtin/    expressions and builtin functions to values
//!   editor.rs          a JSON schema of programs
//! model/             plain data that every layer shares
//!   plan.rs            Plan, Step, Action, Change, Row: the nouns of a run
//!   stack.rs           what a stack owns, as a fold over the journal's rows
//! engine/            decides what to do and sees it done
//!   plan.rs, steps.rs  program, state and live AWS to steps (pure)
//!   inquire.rs         finds out what a plan lacks, and plans again
//!   schedule.rs        which steps may start (pure)
//!   execute.rs         the one loop; `act.rs` is one step's calls
//!   halt.rs, watch.rs  what stops a run early, and which steps it may leave
//!   recover.rs         what a cut-off run left open
//!   refresh.rs         live state in as few calls as AWS allows
//!   deployment/        a stack to a Pulumi deployment, and back (pure)
//!   govern.rs          what a shift owns of a resource, and `up` leaves alone
//!   settled.rs         rollouts of a program over the state alone
//! store/             the SQLite file: journal, fold, lock, encryption
//!   open.rs            is it a state file, is it whole, may it be written
//!   backup.rs          copies before each run, and their way back
//! provider/          the seam: `Resource` and `Function` are what authors write
//!   retry.rs           which errors pass, for how long, and what users read
//!   calls.rs           where calls to AWS are told of, for the audit
//!   echo.rs            what is kept in the state and made nowhere
//!   cx.rs              all that a resource's methods may use; the only waits
//!   fake.rs            a cloud in a JSON file or in memory, for tests
//! builtin/           types that live in the state only
//!   random/, tls/, std/ the packages of those names
//! rollout/           traffic between two colours, from what a program says (pure)
//!   spec.rs            what a program says under `rollouts:`, read by `spec/section.rs`
//!   strategy.rs        steps, spans of time and percentages, also of flags
//!   infer.rs           a rollout that no program has said
//!   actions.rs         a route's actions: weights, changes, comparisons
//!   guard.rs, judge/   is a colour well, and no worse than the other
//!   report/            a finished shift as a page
//!   cloud.rs           the seam: what a shift asks of AWS and does there
//! shift/             carries a shift out: phases, journal, guards, the way back
//! aws/               the only folder that names the SDK; one file per type
//!   clients.rs         a client per service; `audit.rs` tells of their calls
//!   twin.rs, mirror.rs parts of large resources, in our words and the SDK's
//!   managed.rs         what databases and caches share: waits, changed fields
//!   jobs.rs            what commands ask beside resources; `sealing.rs` seals
//!   traffic/           what a shift asks and changes: routes, targets, metrics
//!   acm/ apigateway/ apigatewayv2/ appautoscaling/ autoscaling/ cloudfront/
//!   cloudtrail/ cloudwatch/ cognito/ dynamodb/ ec2/ ecr/ ecs/ efs/
//!   elasticache/ elb/ iam/ kinesis/ kms/ lambda/ lb/ meta/ rds/ route53/ s3/
//!   scheduler/ secretsmanager/ servicediscovery/ sfn/ sns/ sqs/ ssm/ wafv2/
//! ```
//!
//! Beside `src/`: `stacks/` has example programs, `tests/it/types/` one program
//! per resource type, `docs/` the commands, the state file, the IAM policy, what
//! a stack file can do, and how the tests are run.
//!
//! # Who may import whom
//!
//! ```text
//! model                nothing of ours
//! lang                 model, rollout (what a section may say)
//! provider             model; `cx.rs` also `aws::Clients`
//! builtin              model, provider, lang::providers (schemas)
//! rollout              model; `cloud.rs` also provider (`Result`)
//! shift                model, provider, rollout, store
//! aws                  model, provider, rollout (`cloud.rs`)
//! engine               model, lang, provider, rollout
//! store                model, provider (`Place`), engine::govern (its record)
//! cli                  everyone
//! ```
//!
//! Nobody imports `cli`, and `engine` knows no SQL, no YAML text and no AWS
//! type. Some things have one home: the AWS SDK is named in `aws/` only, SQL in
//! `store/`, arguments in `cli/`, the YAML reader in `lang/syntax.rs`. Terminal
//! output is in `cli/ui.rs`. The environment and the clock are read in
//! `main.rs` and handed down. During a run only `provider/cx.rs` sleeps, and
//! during a shift `shift/`.
//!
//! # Invariants
//!
//! 1. A plan is data from a pure function. What it does not know it asks for,
//!    and it is made again with the answer.
//! 2. Every random choice (names, operation tokens, lots) is drawn at plan
//!    time from the run's seed, so that planning twice draws the same.
//! 3. The row `Begun` is durable before a step's first AWS call. The id is
//!    durable (`Named`) before anything else is done with it. `Ended` is
//!    durable before a dependent starts.
//! 4. The state is the fold of the journal, written in the same transaction.
//! 5. Recovery relies on the journal and AWS alone. A create whose answer was
//!    lost is found by its operation: a birth tag, an idempotency token or a
//!    name that nobody else can have. It is never sent twice blindly, and
//!    while nobody knows what became of it, its step stays open.
//! 6. What the program never set is no change. What it set and is otherwise
//!    live is drift, and is shown as drift.
//! 7. A resource file makes the calls that its methods are named after: no
//!    diffing, no state, no retry loop, no printing. Retrying is a table.
//! 8. A secret stays marked from where it enters to where it leaves: encrypted
//!    in the state, `[secret]` in every output.
//! 9. One loop owns every future; nothing is spawned. Only files to upload are
//!    read, packed and hashed on a thread of their own (`provider/asset.rs`),
//!    for whose answer a future of the loop waits. Steps of one serial key never
//!    run at the same time, save where a type lets others begin while it only
//!    waits (`WAITS_ASIDE`).
//! 10. Nothing in a program may panic, hang or exhaust memory, and all
//!     mistakes are told in one go, each with its place.
//! 11. What every further call would meet (an interrupt, expired credentials, a
//!     lost network) stops the schedule, not each step: calls that change
//!     something end, waits are left, and rows whose outcome is not known stay
//!     open for the next run.
//!
//! # How a create flows from `main` to the wire
//!
//! ```text
//! main                      arguments and environment into a `Runtime`
//! cli::run                  clap, the async runtime, one `match`
//! cli::up::run
//!   Session::open           project, stack, configuration; the program is
//!                           parsed and checked: all mistakes at once
//!   drive::apply            takes the lock and reads the state again
//!     recover::recover      closes what a cut-off run left open
//!     refresh::read         live state: `read_many` per type and region
//!     inquire::find_out     plan::plan until nothing is lacking
//!     render, ui.ask        shows the plan, asks
//!     execute::execute      ready steps: evaluates inputs, writes `Begun`
//!       act                 retries by the table, looks for lost creates
//!         AnyResource       `dyn`, from `provider/erase.rs`
//!           Queue::create   the resource file
//!             create_queue().send()
//! ```
//!
//! # A new AWS type
//!
//! Start from one of three exemplars: `aws/sqs/queue.rs` (an attribute map,
//! fast), `aws/ec2/subnet.rs` (describe with filters, batched, several modify
//! calls), `aws/rds/cluster_instance.rs` (slow, waits, secrets). Write the file
//! in its service's folder, add it to `types()` of the folder's `mod.rs`, add
//! its passing errors to `provider/retry.rs`, and write its program to
//! `tests/it/types/`. Its schema is read out of its `Inputs` and `Outputs`;
//! properties of Pulumi's schema that it cannot honour go into `REFUSED`.

pub mod aws;
pub mod builtin;
pub mod cli;
pub mod engine;
pub mod lang;
pub mod model;
pub mod provider;
pub mod rollout;
pub mod shift;
pub mod store;
