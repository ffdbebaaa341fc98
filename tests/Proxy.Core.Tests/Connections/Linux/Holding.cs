namespace Proxy.Core.Tests.Connections.Linux;

/// <summary>Holds an event loop until it is let go.</summary>
internal sealed class Holding : IThreadPoolWorkItem, IDisposable
{
    private readonly TaskCompletionSource _let = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void LetGo() => _let.TrySetResult();

    public bool Runs { get; private set; }

    public void Execute()
    {
        Runs = true;
        _let.Task.Wait(Eventually.Limit);
    }

    // A failed test must not leave the loop waiting.
    public void Dispose() => LetGo();
}
