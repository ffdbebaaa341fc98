using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Connections;

/// <summary>
/// A connection whose handlers run where those of a real one do, and which has always bytes to read and takes all bytes at once, so that nothing that
/// moves them ever waits. An abort ends that.
/// </summary>
internal class EndlessConnection(TcpConnection real) : TcpConnection
{
    private volatile bool _isAborted;

    public override IDuplexPipe Transport
    {
        get => field ??= new Pipes(PipeReader.Create(OpenStream()), PipeWriter.Create(OpenStream()));
        set;
    }

    public override bool HasPeerEnded => false;

    public override BufferPool Buffers => real.Buffers;

    public override SendQueue SendQueue => new(IsEmpty: true, 0);

    public override void Abort(ConnectionAbortedException abortReason) => _isAborted = true;

    public override void Post(IThreadPoolWorkItem work) => real.Post(work);

    public override void PostLater(IThreadPoolWorkItem work) => real.PostLater(work);

    public override IRelayTimer? StartTimer(ITimedRelay relay) => real.StartTimer(relay);

    public override Stream OpenStream() => new Endless(this);

    public override void SetKeepAlive(KeepAlive keepAlive) { }

    public override Task<PeerDeparture?> WaitForDepartureAsync(bool ignoreClose, CancellationToken cancellationToken) =>
        real.WaitForDepartureAsync(ignoreClose, cancellationToken);

    public override Task<PeerDeparture?> WaitForInputAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public override PeerDeparture? DepartedWithin(int missing) => null;

    public override void EndSending() { }

    public override IAsyncDisposable CancelOnReset(CancellationTokenSource source) => throw new NotSupportedException();

    public override bool CanRelay(ConnectionContext upstream) => false;

    public override ValueTask<ConnectionOutcome> RelayAsync(ConnectionContext upstream, RelayOptions options, ConnectionRecord record) =>
        throw new NotSupportedException();

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Endless(EndlessConnection connection) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Clear(); // what an earlier user of the memory has left may look like TLS
            return connection._isAborted ? ValueTask.FromException<int>(new IOException()) : new(buffer.Length);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            connection._isAborted ? ValueTask.FromException(new IOException()) : default;

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
