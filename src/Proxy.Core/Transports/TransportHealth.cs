using Proxy.Connections.Linux;

namespace Proxy.Transports;

/// <summary>Whether the threads that carry connections do anything.</summary>
public sealed class TransportHealth
{
    private readonly Transport _transport;

    internal TransportHealth(Transport transport) => _transport = transport;

    /// <summary>Asks every event loop and the thread pool for a turn.</summary>
    /// <returns>A task that completes once all have had it; never while one of them is held.</returns>
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
