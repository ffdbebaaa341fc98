using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Proxy.Host.Tests.EndToEnd.Handover;

/// <summary>
/// A gRPC method with a stream in both directions, and its client, by the letter of gRPC over HTTP/2: each message has a prefix of five bytes, and the status is in
/// the trailers.
/// </summary>
internal static class GrpcEcho
{
    private const int Prefix = 5;

    /// <summary>Answers each message with the same one.</summary>
    public static async Task ServeAsync(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        while (await ReadAsync(context.Request.Body) is { } message)
        {
            await WriteAsync(context.Response.Body, message);
        }

        context.Response.AppendTrailer("grpc-status", "0");
    }

    /// <summary>Calls the method: sends a message when the one before is answered.</summary>
    /// <returns>The answers and the status.</returns>
    public static async Task<(List<string> Answers, string? Status)> CallAsync(HttpClient http, Uri url, IEnumerable<string> messages)
    {
        var body = new Outgoing();
        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        var responding = http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var answers = new List<string>();
        var output = await body.Stream;
        Stream? input = null;
        foreach (var message in messages)
        {
            await WriteAsync(output, message);
            input ??= await (await responding).Content.ReadAsStreamAsync(); // YARP passes the headers on with the first bytes of the body
            answers.Add(await ReadAsync(input) ?? "");
        }

        body.End();
        using var response = await responding;
        return await ReadAsync(input!) is null && response.TrailingHeaders.TryGetValues("grpc-status", out var status)
            ? (answers, status.Single())
            : (answers, null);
    }

    private static async Task WriteAsync(Stream stream, string text)
    {
        var message = new byte[Prefix + Encoding.UTF8.GetByteCount(text)];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), message.Length - Prefix);
        Encoding.UTF8.GetBytes(text, message.AsSpan(Prefix));
        await stream.WriteAsync(message);
        await stream.FlushAsync();
    }

    private static async Task<string?> ReadAsync(Stream stream)
    {
        var prefix = new byte[Prefix];
        if (await stream.ReadAtLeastAsync(prefix, Prefix, throwOnEndOfStream: false) < Prefix)
        {
            return null;
        }

        var message = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
        await stream.ReadExactlyAsync(message);
        return Encoding.UTF8.GetString(message);
    }

    // The body of a request that is written while its answer is read.
    private sealed class Outgoing : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Outgoing() => Headers.ContentType = new("application/grpc");

        public Task<Stream> Stream => _stream.Task;

        public void End() => _end.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync(); // sends the headers
            _stream.TrySetResult(stream);
            await _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
