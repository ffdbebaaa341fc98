using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary>Sends requests to the admin API of a running host, and turns each failure into a message of one sentence.</summary>
internal sealed class AdminClient : IDisposable
{
    private const int MaxBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http;

    private AdminClient(HttpClient http) => _http = http;

    /// <exception cref="AdminException">The URL, the token or a certificate file is invalid.</exception>
    public static AdminClient Create(string url, string? token, string? authority, string? certificate)
    {
        if (
            !Uri.TryCreate(url, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)
        )
        {
            throw new AdminException($"'{url}' is not a URL of an admin endpoint; write it like http://127.0.0.1:9099.", ExitCode.BadInput);
        }

        var http = new HttpClient(Handler(authority, certificate))
        {
            BaseAddress = new Uri(address, "/"),
            Timeout = _limit,
            MaxResponseContentBufferSize = MaxBytes,
        };
        if (!string.IsNullOrEmpty(token))
        {
            http.DefaultRequestHeaders.Authorization = Bearer(token);
        }

        return new(http);
    }

    public string Url => _http.BaseAddress!.GetLeftPart(UriPartial.Authority);

    /// <exception cref="AdminException">The host did not answer, refused the request, or answered something else.</exception>
    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Get, path, null, cancellationToken);

    /// <exception cref="AdminException">The host did not answer, refused the request, or answered something else.</exception>
    public async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, path, body, cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    /// <summary>Sends a request whose answer may be empty.</summary>
    /// <returns>The answer; null if it is empty.</returns>
    /// <exception cref="AdminException">The host did not answer, refused the request, or answered something else.</exception>
    public async Task<T?> SendForAsync<T>(HttpMethod method, string path, CancellationToken cancellationToken)
        where T : class
    {
        using var response = await SendAsync(method, path, null, cancellationToken);
        return response.StatusCode == HttpStatusCode.NoContent ? null : await ReadAsync<T>(response, cancellationToken);
    }

    /// <summary>Reads an answer.</summary>
    /// <exception cref="AdminException">The answer is not of this API.</exception>
    public async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return (await response.Content.ReadFromJsonAsync<T>(ApiJson.Options, cancellationToken))!;
        }
        catch (JsonException)
        {
            throw new AdminException($"{Url} answers, but not like the admin endpoint of this program; check the port.");
        }
    }

    /// <summary>Sends a request. The answer may also have the status 422, whose content says what is wrong.</summary>
    /// <exception cref="AdminException">The host did not answer, or refused the request.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = body };
            var response = await _http.SendAsync(request, cancellationToken);
            return response is { IsSuccessStatusCode: true } or { StatusCode: HttpStatusCode.UnprocessableEntity }
                ? response
                : throw await RefusedAsync(response, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new AdminException(
                $"{Url} does not answer: {(exception.InnerException as AuthenticationException ?? (Exception)exception).Message}"
            );
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AdminException($"{Url} did not answer within {_limit.TotalSeconds:0} s.");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<AdminException> RefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var disposing = response;
        return response.StatusCode == HttpStatusCode.Unauthorized
            ? new AdminException(
                $"{Url} requires a valid token: set PROXY_ADMIN_TOKEN, or name a file with --token-file.",
                ExitCode.BadInput
            )
            : new AdminException(await ReasonAsync(response, cancellationToken));
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            return JsonSerializer.Deserialize<ApiError>(text, ApiJson.Options)?.Error ?? text;
        }
        catch (JsonException)
        {
            return text.Trim() is { Length: > 0 } reason
                ? reason
                : $"The admin endpoint answered with HTTP status {(int)response.StatusCode}.";
        }
    }

    private static AuthenticationHeaderValue Bearer(string token)
    {
        try
        {
            return new("Bearer", token);
        }
        catch (FormatException)
        {
            // The original message is dropped because it contains the token.
            throw new AdminException("The token contains characters that an HTTP header cannot carry.", ExitCode.BadInput);
        }
    }

    private static SocketsHttpHandler Handler(string? authority, string? certificate)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        try
        {
            if (certificate is not null)
            {
                handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate)];
            }

            if (authority is not null)
            {
                var policy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                };
                policy.CustomTrustStore.ImportFromPemFile(authority);
                handler.SslOptions.CertificateChainPolicy = policy;
            }

            return handler;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            handler.Dispose();
            throw new AdminException($"A certificate file cannot be read: {exception.Message}", ExitCode.BadInput);
        }
    }
}
