//! A client whose requests share a runtime.

use bench_core::prelude::*;
use bench_load::Load;
use bench_load::domain::Generation;
use bench_load::input::Texts;

/// Stands for the client of a server: a token for each word.
#[derive(Clone)]
struct Client;

struct Tokens(usize);

impl Client {
    async fn connect(_address: &str) -> std::io::Result<Self> {
        Ok(Client)
    }

    async fn generate(&self, text: &str) -> std::io::Result<Tokens> {
        Ok(Tokens(text.split(' ').count()))
    }
}

impl Tokens {
    async fn next(&mut self) -> std::io::Result<Option<()>> {
        self.0 = self.0.saturating_sub(1);
        Ok((self.0 > 0).then_some(()))
    }
}

#[benchmark(category = "unit", rounds = 1)]
fn answers(b: &mut Bencher) -> Result<()> {
    let address = "127.0.0.1:8000";
    // The book begins here.
    let client = b.load(|| bench_load::block_on(Client::connect(address)))??;
    Load::closed([1, 8, 64]).requests(200).run_async(b, Texts::seeded(20, 50..=200), async |text, request| {
        let mut stream = client.generate(text).await?;
        let mut tokens = 0;
        while stream.next().await?.is_some() {
            request.output();
            tokens += 1;
        }
        Ok::<_, Error>(Generation::new(tokens))
    })
    // The book ends here.
}
