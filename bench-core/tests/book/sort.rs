#[benchmark(category = "unit")]
fn sort(b: &mut Bencher) {
    let values: Vec<u32> = (0..30_000).rev().collect();
    b.items(values.len()).iter_batched(|| values.clone(), |mut values| {
        values.sort();
        values
    });
}
