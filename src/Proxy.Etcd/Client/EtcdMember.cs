using Grpc.Core;
using Grpc.Net.Client;

namespace Proxy.Etcd.Client;

/// <summary>A member of the cluster: one connection of HTTP/2, which is made when a call needs it.</summary>
internal sealed class EtcdMember : IDisposable
{
    /// <summary>The largest message that is taken. etcd itself takes requests of 1.5 MiB, and divides what it sends to watches by that.</summary>
    public const int MostBytes = 16 * 1024 * 1024;

    // etcd closes connections that ask more often than every 5 s.
    private static readonly TimeSpan _pingDelay = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan _pingTimeout = TimeSpan.FromSeconds(5);

    private readonly GrpcChannel _channel;

    /// <param name="url">Where it is.</param>
    /// <param name="dialer">Connects it.</param>
    public EtcdMember(Uri url, EtcdDialer dialer)
    {
        Url = url;
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = dialer.DialAsync, // it has its own time limit; with a callback of ours, gRPC leaves connecting to it
            KeepAlivePingDelay = _pingDelay,
            KeepAlivePingTimeout = _pingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ActivityHeadersPropagator = null,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        };
        _channel = GrpcChannel.ForAddress(
            url,
            new GrpcChannelOptions
            {
                HttpHandler = handler,
                DisposeHttpClient = true,
                MaxReceiveMessageSize = MostBytes,
                MaxSendMessageSize = MostBytes,
                InitialReconnectBackoff = EtcdPauses.First,
                MaxReconnectBackoff = EtcdPauses.Longest,
            }
        );
        Invoker = _channel.CreateCallInvoker();
    }

    /// <summary>Where it is.</summary>
    public Uri Url { get; }

    /// <summary>Whether anything was heard of it so far.</summary>
    public bool HasAnswered { get; set; }

    /// <summary>Starts its calls.</summary>
    public CallInvoker Invoker { get; }

    /// <summary>Closes the connection; calls that are under way fail.</summary>
    public void Dispose() => _channel.Dispose();
}
