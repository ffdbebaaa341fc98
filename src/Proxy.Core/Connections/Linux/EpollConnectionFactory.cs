using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>Dials IP and unix addresses. A dial on a loop's thread creates a connection on that loop.</summary>
internal sealed class EpollConnectionFactory(EpollDependencies services, TimeProvider time) : IConnectionFactory
{
    private static readonly TimeSpan _backlogPause = TimeSpan.FromMilliseconds(10);

    /// <inheritdoc />
    /// <exception cref="SocketException">
    /// The address does not answer, or the process has no descriptor (TooManyOpenSockets) or the host no port (AddressNotAvailable) left for it.
    /// </exception>
    public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        cancellationToken.ThrowIfCancellationRequested();
        Resources.OfProcess.BeforeDial();
        var descriptor = Descriptor.Open(endpoint);
        var connection = Create(descriptor, endpoint);
        try
        {
            if (endpoint is SourcedEndPoint { Source: var source })
            {
                Descriptor.Bind(descriptor, source);
            }

            var error = Connect(descriptor, endpoint);
            if (error is Errno.Again)
            {
                return WaitForBacklogAsync(connection, endpoint, cancellationToken);
            }

            Check(error, endpoint);
            if (error == 0)
            {
                connection.Register();
                return new(connection);
            }

            _ = connection.Writable; // created before the only event, which may come immediately
            connection.Register();
            return WaitAsync(connection, endpoint, cancellationToken);
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }

    private EpollConnection Create(int descriptor, EndPoint endpoint)
    {
        try
        {
            var loop = EventLoop.Current;
            return new EpollConnection(
                descriptor,
                loop ?? services.Loops.Least(),
                services,
                Target(endpoint),
                isAccepted: false,
                inline: loop is not null
            );
        }
        catch
        {
            Descriptor.Close(descriptor);
            throw;
        }
    }

    private static EndPoint Target(EndPoint endpoint) => endpoint is SourcedEndPoint sourced ? sourced.Address : endpoint;

    // With a peer on this host, the handshake is complete when connect returns, but only a second call reports it.
    private static int Connect(int descriptor, EndPoint endpoint)
    {
        var error = Descriptor.Connect(descriptor, endpoint);
        if (error != Errno.InProgress || Target(endpoint) is not IPEndPoint { Address: var address } || !IPAddress.IsLoopback(address))
        {
            return error;
        }

        error = Descriptor.Connect(descriptor, endpoint);
        return error == Errno.Connected ? 0 : error;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ConnectionContext> WaitAsync(
        EpollConnection connection,
        EndPoint endpoint,
        CancellationToken cancellationToken
    )
    {
        try
        {
            // The first event of a connecting socket is the result.
            await connection.Writable.WaitAsync(cancellationToken);
            Check(connection.HasFailed ? connection.TakeError() : 0, endpoint);
            return connection;
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }

    // If the queue of a unix socket's listener is full, connect fails immediately; with TCP the kernel waits.
    private async ValueTask<ConnectionContext> WaitForBacklogAsync(
        EpollConnection connection,
        EndPoint endpoint,
        CancellationToken cancellationToken
    )
    {
        try
        {
            int error;
            do
            {
                await Task.Delay(_backlogPause, time, cancellationToken);
                error = Descriptor.Connect(connection.Number, endpoint);
            } while (error == Errno.Again);

            Check(error, endpoint);
            connection.Register();
            return connection;
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }

    private static void Check(int error, EndPoint endpoint)
    {
        if (error is not (0 or Errno.InProgress or Errno.Already))
        {
            throw NoLocalPortException.Explain(Errno.Exception(error), endpoint);
        }
    }
}
