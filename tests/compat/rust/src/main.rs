//! A Rust publisher on one driver, a Rust subscriber on another: `compat SOURCE_DIR SINK_DIR CHANNEL`.

mod messages;

use rusteron_client::{Aeron, AeronContext, AeronErrorHandlerLogger, Handlers};
use std::error::Error;
use std::ffi::{CStr, CString};
use std::time::Duration;

type Outcome<T> = Result<T, Box<dyn Error>>;

const STREAM_ID: i32 = 1001;
const MESSAGES: u64 = 2000;
const TIMEOUT: Duration = Duration::from_secs(60);

fn client(directory: &str) -> Outcome<Aeron> {
    let context = AeronContext::new()?;
    context.set_dir(&CString::new(directory)?)?;
    context.set_error_handler(Some(AeronErrorHandlerLogger))?;
    let client = Aeron::new(&context)?;
    client.start()?;
    Ok(client)
}

fn publish(directory: &str, channel: &CStr) -> Outcome<()> {
    let client = client(directory)?;
    let publication = client.add_publication(channel, STREAM_ID, TIMEOUT)?;
    for number in 0..MESSAGES {
        let content = messages::content(number);
        messages::until(TIMEOUT, &format!("offer {number}"), || {
            match publication.offer(&content) {
                Ok(_) => Ok(true),
                Err(refusal) if refusal.is_retryable() => Ok(false),
                Err(refusal) => Err(refusal.into()),
            }
        })?;
    }
    Ok(())
}

fn cross(source_directory: &str, sink_directory: &str, channel: &CStr) -> Outcome<()> {
    let sink = client(sink_directory)?;
    let subscription =
        sink.add_subscription(channel, STREAM_ID, Handlers::NONE, Handlers::NONE, TIMEOUT)?;
    let taker = messages::Taker::new(subscription)?;
    std::thread::scope(|threads| {
        // The crate's publications stay with the thread that made them.
        let publisher =
            threads.spawn(|| publish(source_directory, channel).map_err(|error| error.to_string()));
        taker.take_all(MESSAGES, TIMEOUT)?;
        publisher.join().expect("the publishing thread panicked")?;
        Ok(())
    })
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, source, sink, channel] = arguments.as_slice() else {
        return Err("usage: compat SOURCE_DIR SINK_DIR CHANNEL".into());
    };
    cross(source, sink, &CString::new(channel.as_str())?)?;
    println!("OK");
    Ok(())
}
