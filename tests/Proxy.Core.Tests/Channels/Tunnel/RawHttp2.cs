using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Proxy.Core.Tests.Channels.Tunnel;

/// <summary>Just enough of HTTP/2 to be a foreign client: it sends what it likes and sees every frame (RFC 9113).</summary>
internal sealed class RawHttp2 : IAsyncDisposable
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Reset = 3;
    public const byte GoAway = 7;

    private const byte Settings = 4;
    private const byte Ping = 6;
    private const byte Ack = 1;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    private static readonly byte[] _preface = Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    private readonly Stream _stream;

    private RawHttp2(Stream stream) => _stream = stream;

    /// <summary>What a client of HTTP/2 says first.</summary>
    public static ReadOnlySpan<byte> Preface => _preface;

    /// <summary>Connects and greets.</summary>
    public static async Task<RawHttp2> ConnectAsync(IPEndPoint address, X509Certificate2? certificate, IPAddress? from = null)
    {
        var client = await SecureAsync(address, certificate, from);
        await client.GreetAsync();
        return client;
    }

    /// <summary>Connects without TLS, and greets.</summary>
    public static async Task<RawHttp2> ConnectInsecureAsync(IPEndPoint address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        var client = new RawHttp2(new NetworkStream(socket, ownsSocket: true));
        await client.GreetAsync();
        return client;
    }

    /// <summary>Connects and says nothing yet inside of TLS.</summary>
    public static async Task<RawHttp2> SecureAsync(IPEndPoint address, X509Certificate2? certificate, IPAddress? from = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(from ?? IPAddress.Any, 0));
        await socket.ConnectAsync(address);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "tunnel",
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                ClientCertificates = certificate is null ? [] : [certificate],
                RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null, // whom we call is not what is tested
            }
        );
        return new RawHttp2(tls);
    }

    /// <summary>Sends the preface and our settings.</summary>
    public async Task GreetAsync()
    {
        await RawAsync(_preface);
        // No table of headers (SETTINGS_HEADER_TABLE_SIZE 0): an answer is read without those before it.
        await SendAsync(Settings, 0, 0, [0, 1, 0, 0, 0, 0]);
    }

    /// <summary>Sends any bytes.</summary>
    public async Task RawAsync(ReadOnlyMemory<byte> bytes)
    {
        await _stream.WriteAsync(bytes);
        await _stream.FlushAsync();
    }

    /// <summary>Reads, and answers nothing, until the peer closes or resets.</summary>
    public async Task ReadToCloseAsync()
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var buffer = new byte[4096];
        try
        {
            while (await _stream.ReadAsync(buffer, limit.Token) > 0) { }
        }
        catch (IOException)
        {
            // Reset.
        }
    }

    /// <summary>Sends header fields, each as it is.</summary>
    public Task RequestAsync(int stream, bool end, params (string Name, string Value)[] fields) =>
        SendAsync(Headers, (byte)(EndHeaders | (end ? EndStream : 0)), stream, [.. fields.SelectMany(Field)]);

    public Task DataAsync(int stream, byte[] bytes, bool end) => SendAsync(Data, end ? EndStream : (byte)0, stream, bytes);

    public Task ResetAsync(int stream, int code)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, code);
        return SendAsync(Reset, 0, stream, payload);
    }

    /// <summary>The next frame of a stream, or GOAWAY.</summary>
    public async Task<(byte Type, bool End, byte[] Payload)> ReadAsync(int stream)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (true)
        {
            var head = new byte[9];
            await _stream.ReadExactlyAsync(head, limit.Token);
            var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await _stream.ReadExactlyAsync(payload, limit.Token);
            var id = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5));
            if (head[3] is Settings or Ping && (head[4] & Ack) == 0)
            {
                await SendAsync(head[3], Ack, 0, head[3] == Ping ? payload : []);
            }

            if ((id == stream && head[3] is Data or Headers or Reset) || head[3] == GoAway)
            {
                return (head[3], head[3] is Data or Headers && (head[4] & EndStream) != 0, payload);
            }
        }
    }

    /// <summary>The status of the answer.</summary>
    public async Task<string> StatusAsync(int stream) => (await AnswerAsync(stream)).Status;

    /// <summary>The status of the answer, and its fields as far as they are text.</summary>
    public async Task<(string Status, string Fields)> AnswerAsync(int stream)
    {
        while (true)
        {
            var (type, _, block) = await ReadAsync(stream);
            if (type != GoAway)
            {
                Assert.Equal(Headers, type);
                return (Status(block), Encoding.ASCII.GetString(block));
            }
        }
    }

    /// <summary>The code with which a stream was reset, whatever came before.</summary>
    public async Task<int> ResetCodeAsync(int stream)
    {
        while (true)
        {
            var (type, _, payload) = await ReadAsync(stream);
            if (type == Reset)
            {
                return BinaryPrimitives.ReadInt32BigEndian(payload);
            }
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    // A size update of the table may come first; then the status, which is indexed or literal with an indexed name (RFC 7541).
    private static string Status(byte[] block)
    {
        var at = 0;
        while ((block[at] & 0xE0) == 0x20)
        {
            at += (block[at] & 0x1F) == 0x1F ? 1 + Array.FindIndex(block[(at + 1)..], static part => part < 0x80) + 1 : 1;
        }

        string[] known = ["200", "204", "206", "304", "400", "404", "500"];
        return (block[at] & 0x80) != 0 ? known[(block[at] & 0x7F) - 8] : Encoding.ASCII.GetString(block, at + 2, 3);
    }

    // Literal without indexing, new name, nothing compressed.
    private static IEnumerable<byte> Field((string Name, string Value) field) => [0, .. Text(field.Name), .. Text(field.Value)];

    private static IEnumerable<byte> Text(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var length = new List<byte>();
        if (bytes.Length < 127)
        {
            length.Add((byte)bytes.Length);
        }
        else
        {
            length.Add(127);
            var rest = bytes.Length - 127;
            for (; rest >= 128; rest >>= 7)
            {
                length.Add((byte)((rest & 0x7F) | 0x80));
            }

            length.Add((byte)rest);
        }

        return [.. length, .. bytes];
    }

    /// <summary>Sends a frame.</summary>
    public async Task SendAsync(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[0], frame[1], frame[2]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        await _stream.WriteAsync(frame);
        await _stream.FlushAsync();
    }
}
