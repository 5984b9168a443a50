//! `orderinfra schema`: what programs may say, for editors, and how much of
//! Pulumi's that is.

use serde_json::{Value as Json, json};

use super::{
    Runtime,
    failure::{Failure, Result},
    render::short,
    session,
    ui::Ui,
};
use crate::{aws, lang::editor, model::Schema};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Of each type and function of AWS, how many of Pulumi's inputs are supported
    #[arg(long)]
    coverage: bool,
}

/// What is said of one type.
struct Row {
    token: String,
    supported: usize,
    /// Refused by name, with the reason.
    refused: usize,
    all: usize,
}

pub(super) fn run(args: &Args, runtime: &Runtime, ui: &Ui) -> Result<()> {
    if !args.coverage {
        let schema = editor::schema(&session::registry(runtime));
        ui.document(&serde_json::to_string_pretty(&schema).unwrap_or_default());
        return Ok(());
    }
    let facts: Json = serde_json::from_str(aws::FACTS)
        .map_err(|it| Failure::general(format!("the facts of Pulumi's types are broken: {it}")))?;
    let row = |schema: &Schema| row(schema, &facts);
    let types: Vec<Row> = aws::types().iter().map(|it| row(it.schema())).collect();
    let functions: Vec<Row> = aws::functions().iter().map(|it| row(it.schema())).collect();
    if ui.json {
        let list = |rows: &[Row]| -> Vec<Json> {
            let one = |it: &Row| json!({ "token": it.token, "supported": it.supported, "refused": it.refused, "inputs": it.all });
            rows.iter().map(one).collect()
        };
        let document = json!({ "types": list(&types), "functions": list(&functions) });
        ui.document(&serde_json::to_string_pretty(&document).unwrap_or_default());
        return Ok(());
    }
    for (what, rows) in [("types", &types), ("functions", &functions)] {
        let sum = |of: fn(&Row) -> usize| rows.iter().map(of).sum::<usize>();
        ui.out(&format!(
            "{} {what}: {} of {} inputs, {} refused by name",
            rows.len(),
            sum(|it| it.supported),
            sum(|it| it.all),
            sum(|it| it.refused)
        ));
        let width = rows.iter().map(|it| short(&it.token).len()).max().unwrap_or(0);
        for it in rows {
            let refused = match it.refused {
                0 => String::new(),
                some => format!("  {some} refused"),
            };
            let name = short(&it.token);
            ui.out(&format!("    {name:width$}  {:3} of {:3}{refused}", it.supported, it.all));
        }
    }
    Ok(())
}

/// The inputs on the first level: those inside of objects go with them.
fn row(schema: &Schema, facts: &Json) -> Row {
    let inputs = facts[&schema.token]["inputs"].as_object();
    let names: Vec<&str> =
        inputs.into_iter().flatten().map(|(name, _)| name.trim_end_matches(['!', '*'])).collect();
    let has = |name: &&&str| schema.inputs.properties.contains_key(**name);
    let refused = |name: &&&str| schema.refused.contains_key(**name);
    Row {
        token: schema.token.clone(),
        supported: names.iter().filter(has).count(),
        refused: names.iter().filter(refused).count(),
        all: names.len(),
    }
}
