// Opens one mutual TLS connection for every stream, in plain .NET. It is the comparison for channels, which use one connection for all.
// streams.cs front|back CERTIFICATE KEY AUTHORITY LISTEN=TARGET...
#:property PublishAot=false
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

const int BufferSize = 64 * 1024;
var isFront = args[0] == "front";
using var read = X509Certificate2.CreateFromPemFile(args[1], args[2]);
var own = SslStreamCertificateContext.Create(read, null);
using var authority = X509CertificateLoader.LoadCertificateFromFile(args[3]);
await Task.WhenAll(
    args[4..].Select(static pair => pair.Split('=')).Select(pair => ListenAsync(IPEndPoint.Parse(pair[0]), IPEndPoint.Parse(pair[1])))
);

async Task ListenAsync(IPEndPoint address, IPEndPoint target)
{
    using var listener = new TcpListener(address);
    listener.Start(4096);
    while (true)
    {
        _ = ServeAsync(await listener.AcceptSocketAsync(), target);
    }
}

async Task ServeAsync(Socket client, IPEndPoint target)
{
    using var upstream = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    try
    {
        client.NoDelay = true;
        await upstream.ConnectAsync(target);
        await using var near = await OpenAsync(client, !isFront);
        await using var far = await OpenAsync(upstream, isFront);
        await Task.WhenAll(CopyAsync(near, far, upstream), CopyAsync(far, near, client));
    }
    catch (Exception exception)
    {
        Console.Error.WriteLine(exception.Message);
        client.Dispose();
    }
}

async Task<Stream> OpenAsync(Socket socket, bool secure)
{
    var plain = new NetworkStream(socket, ownsSocket: true);
    if (!secure)
    {
        return plain;
    }

    var stream = new SslStream(plain);
    if (isFront)
    {
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "back",
                ClientCertificateContext = own,
                RemoteCertificateValidationCallback = (_, peer, _, _) => IsTrusted(peer),
            }
        );
        return stream;
    }

    await stream.AuthenticateAsServerAsync(
        new SslServerAuthenticationOptions
        {
            ServerCertificateContext = own,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, peer, _, _) => IsTrusted(peer),
        }
    );
    return stream;
}

bool IsTrusted(X509Certificate? peer)
{
    using var chain = new X509Chain();
    chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
    chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
    chain.ChainPolicy.CustomTrustStore.Add(authority);
    return peer is X509Certificate2 certificate && chain.Build(certificate);
}

static async Task CopyAsync(Stream from, Stream to, Socket socket)
{
    await from.CopyToAsync(to, BufferSize);
    if (to is SslStream secure)
    {
        await secure.ShutdownAsync(); // sends close_notify, which ends this direction
    }
    else
    {
        socket.Shutdown(SocketShutdown.Send);
    }
}
