using System.Collections.Concurrent;
using Proxy.Hooks;

namespace Proxy.Core.Tests.Locking;

/// <summary>A hook that is quick unless a test holds it, and succeeds unless a test says otherwise.</summary>
internal sealed class TestHook(string name) : IProxyHook
{
    private volatile TaskCompletionSource? _held;
    private int _running;

    public string Name => name;

    /// <summary>What it was called for.</summary>
    public ConcurrentQueue<HookEvent> Events { get; } = new();

    public bool Fails { get; set; }

    public bool IsRunning => Volatile.Read(ref _running) > 0;

    /// <summary>Told at the begin of each call.</summary>
    public Action? Began { get; set; }

    /// <summary>Told at the end of each call.</summary>
    public Action? Ended { get; set; }

    public void Hold() => _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void LetGo() => Interlocked.Exchange(ref _held, null)?.TrySetResult();

    public async ValueTask RunAsync(HookEvent hookEvent, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _running);
        Began?.Invoke();
        Events.Enqueue(hookEvent);
        if (_held is { } held)
        {
            await held.Task.WaitAsync(cancellationToken);
        }

        Ended?.Invoke();
        Interlocked.Decrement(ref _running);
        if (Fails)
        {
            throw new InvalidOperationException("The test wants it to fail.");
        }
    }
}
