//! An allocator that counts.

// The book begins here.
#[global_allocator]
static ALLOCATOR: bench_core::CountingAllocator = bench_core::CountingAllocator::system();
// or, around another one: CountingAllocator<MiMalloc> = CountingAllocator::new(MiMalloc)
// The book ends here.
