"""`python -m tests.faults.public_worker`: a worker whose aiokafka unpacks by itself."""

from aiokafka.consumer import fetcher
from aiokafka.record.memory_records import MemoryRecords

from sandik.settings import Settings
from sandik.worker.start import run_worker

if __name__ == "__main__":
    fetcher.MemoryRecords = MemoryRecords
    run_worker(Settings())
