using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;

namespace Proxy.Channels.Monitoring;

/// <summary>
/// Posts each notification as JSON; a status of 2xx acknowledges. Idempotency-Key stays the same when a notification is repeated.
/// </summary>
internal sealed class WebhookSink(ChannelWebhookConfig config, HttpMessageInvoker http, TimeProvider time) : INotificationSink
{
    private readonly Uri _url = new(config.Url);

    // Without the query, which may contain a secret.
    public string Text => $"Http {_url.GetLeftPart(UriPartial.Path)}";

    public async Task<string?> DeliverAsync(ChannelNotice notice, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(config.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        using var request = Request(notice);
        try
        {
            using var response = await http.SendAsync(request, either.Token);
            return response.IsSuccessStatusCode ? null : $"answered {(int)response.StatusCode}";
        }
        catch (HttpRequestException exception)
        {
            return $"failed: {Printable.Shorten(exception.Message)}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"did not answer within {config.Timeout}";
        }
    }

    private HttpRequestMessage Request(ChannelNotice notice)
    {
        var body = notice.ToJson();
        var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("Idempotency-Key", notice.Key);
        if (config.Secret is { Length: > 0 } secret)
        {
            var signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));
            request.Headers.TryAddWithoutValidation("Channel-Signature", $"sha256={signature}");
        }

        return request;
    }
}
