using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Core.Tests;

/// <summary>A connection factory whose dials a test answers one by one; they hang until then.</summary>
internal sealed class FakeDials : IConnectionFactory
{
    private readonly ConcurrentQueue<Dial> _dials = new();

    /// <summary>The addresses that were dialed, in order.</summary>
    public IReadOnlyList<string> Addresses => [.. _dials.Select(static dial => dial.Address)];

    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var dial = new Dial(endpoint.ToString()!, cancellationToken);
        _dials.Enqueue(dial);
        return await dial.Answer.Task;
    }

    /// <summary>Waits for a dial, counted from 1.</summary>
    public async Task<Dial> WaitAsync(int number)
    {
        await Eventually.TrueAsync(() => _dials.Count >= number);
        return _dials.ElementAt(number - 1);
    }

    internal sealed class Dial
    {
        private readonly CancellationToken _token;

        public Dial(string address, CancellationToken token)
        {
            Address = address;
            _token = token;
            token.Register(() => Answer.TrySetCanceled(token), useSynchronizationContext: false);
        }

        public string Address { get; }

        public TaskCompletionSource<ConnectionContext> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Cancelled => _token.IsCancellationRequested;

        public void Succeed(ConnectionContext connection) => Answer.TrySetResult(connection);

        public void Refuse(SocketError error = SocketError.ConnectionRefused) => Answer.TrySetException(new SocketException((int)error));
    }
}
