//! A mail server that says what the test wants and remembers what it heard.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// What the server says instead of the usual to commands that begin so; `""` is said to nobody, and a command `.`
/// is the end of a message. `CONNECT` is the greeting.
pub(super) type Answers = &'static [(&'static str, &'static str)];

pub(super) struct Server {
    pub(super) port: u16,
    heard: Arc<Mutex<String>>,
}

impl Server {
    pub(super) async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(String::new()));
        let hears = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A client that breaks off is part of some tests.
                talk(client, answers, &hears).await.ok();
            }
        });
        Self { port, heard }
    }

    /// Everything that clients said.
    pub(super) fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }

    /// The message as it came, without the end.
    pub(super) fn message(&self) -> String {
        let heard = self.heard();
        let (_, message) = heard.split_once("DATA\r\n").unwrap();
        message.split_once("\r\n.\r\n").unwrap().0.to_owned()
    }
}

async fn talk(client: TcpStream, answers: Answers, heard: &Mutex<String>) -> std::io::Result<()> {
    let mut client = BufReader::new(client);
    let mut command = "CONNECT".to_owned();
    loop {
        let said = answers.iter().find(|(start, _)| command.starts_with(start)).map(|(_, answer)| *answer);
        let answer = said.unwrap_or(match command.get(..4).unwrap_or(&command) {
            "CONN" => "220 ready",
            "EHLO" => "250-hello\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 fine",
        });
        if !answer.is_empty() {
            client.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        if command.starts_with("STARTTLS") && answer.starts_with("220") {
            let mut record = [0_u8; 3];
            client.read_exact(&mut record).await?;
            heard.lock().unwrap().push_str(&format!("{record:02x?}"));
            return Ok(());
        }
        let in_message = command.starts_with("DATA") && answer.starts_with("354");
        command = next(&mut client, in_message, heard).await?;
    }
}

/// The next command, or `.` after the lines of a message.
async fn next(
    client: &mut BufReader<TcpStream>,
    in_message: bool,
    heard: &Mutex<String>,
) -> std::io::Result<String> {
    loop {
        let mut line = String::new();
        if client.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        heard.lock().unwrap().push_str(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        if !in_message || line == "." {
            return Ok(line.to_owned());
        }
    }
}
