namespace Proxy.Transports;

/// <summary>Checks whether the threads that carry connections are responsive.</summary>
public sealed class TransportHealth
{
    private readonly Transport _transport;

    internal TransportHealth(Transport transport) => _transport = transport;

    /// <summary>Queues a work item on every event loop and on the thread pool.</summary>
    /// <returns>A task that completes once all items have run; never while one of the threads is blocked.</returns>
    public Task AnswerAsync()
    {
        var loops = _transport.Loops;
        var question = new Question(loops.Count + 1);
        foreach (var loop in loops)
        {
            loop.Post(question);
        }

        ThreadPool.UnsafeQueueUserWorkItem(question, preferLocal: false);
        return question.Answered;
    }

    private sealed class Question(int asked) : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = asked;

        public Task Answered => _answered.Task;

        public void Execute()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _answered.TrySetResult();
            }
        }
    }
}
