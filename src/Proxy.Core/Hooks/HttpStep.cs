using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Reading;

namespace Proxy.Hooks;

/// <summary>Posts the event as JSON. A status of 2xx is success; any other, including a redirect, is a failure.</summary>
internal sealed partial class HttpStep(Uri url, HttpMessageInvoker http, TimeProvider time, ILogger<HttpStep> logger) : IHookStep
{
    private const int MaxAnswerBytes = 4096;

    // The status decides; the body is only logged, and read for a short time.
    private static readonly TimeSpan _answerLimit = TimeSpan.FromSeconds(1);

    // Without the query, which may contain a secret.
    public string Text { get; } = $"Http {url.GetLeftPart(UriPartial.Path)}";

    public async ValueTask<string?> RunAsync(HookEvent hookEvent, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new ByteArrayContent(HookPayload.Of(hookEvent).ToJson()),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            var status = (int)response.StatusCode;
            var answer = await ReadAsync(response.Content, cancellationToken);
            Log.Answered(logger, hookEvent.Route, hookEvent.Name, Text, status, answer);
            return response.IsSuccessStatusCode ? null
                : response.Headers.Location is null ? $"answered {status}"
                : $"answered {status}, and redirects are not followed";
        }
        catch (HttpRequestException exception)
        {
            return $"failed: {Printable.Shorten(exception.Message)}";
        }
    }

    private async Task<string> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_answerLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var bytes = new byte[MaxAnswerBytes];
        var count = 0;
        try
        {
            await using var stream = await content.ReadAsStreamAsync(either.Token);
            while (count < bytes.Length && await stream.ReadAsync(bytes.AsMemory(count), either.Token) is var read and > 0)
            {
                count += read;
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException)
        {
            // The part that was read is logged.
        }

        return Printable.Shorten(Encoding.UTF8.GetString(bytes, 0, count));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Route {Route}: {Event}: {Step} answered {Status}: {Answer}")]
        public static partial void Answered(ILogger logger, string route, string @event, string step, int status, string answer);
    }
}
