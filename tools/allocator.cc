// Settings of jemalloc, which reads them by this name when the program starts.
//
// A query over many series frees hundreds of MiB at once. Glibc keeps them; jemalloc's own
// threads give them back a few seconds later, so resident memory says what is in use.
extern "C" {
extern const char* const malloc_conf;
const char* const malloc_conf = "background_thread:true,dirty_decay_ms:3000,muzzy_decay_ms:0";
}
