using System.Net;
using System.Security.Cryptography;
using System.Text;
using Proxy.Configuration.Host;
using Proxy.Host.Contracts;

namespace Proxy.Host.Admin;

/// <summary>Middleware that authorizes requests. It runs after routing, because the metadata of an endpoint says what it requires.</summary>
internal sealed partial class AdminAccess(AdminConfig admin, TimeProvider time, ILogger<AdminAccess> logger)
{
    private const string Scheme = "Bearer ";
    private const string FetchSite = "Sec-Fetch-Site";
    private const string NoToken = "A bearer token is required.";
    private static readonly TimeSpan _quiet = TimeSpan.FromSeconds(10);

    private readonly byte[]? _token = string.IsNullOrEmpty(admin.Token) ? null : Hash(admin.Token);
    private readonly bool _needsCertificate = admin.ClientCertificateAuthority is not null;
    private readonly Lock _gate = new(); // guards _logged and _unlogged
    private long? _logged;
    private long _unlogged;

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Browsers neither keep an answer nor guess another type for it. The files of the dashboard have a Cache-Control of their own.
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        return Refuses(context) is { } refusal ? ApiJson.WriteErrorAsync(context, refusal.Status, refusal.Reason) : next(context);
    }

    private (int Status, string Reason)? Refuses(HttpContext context)
    {
        var request = context.Request;
        var endpoint = context.GetEndpoint();
        // Without token and certificates the address is a loopback address. Only these host names are allowed, so that a web page cannot
        // read the API through a DNS name that resolves to the loopback address (DNS rebinding).
        if (_token is null && !_needsCertificate && !IsLocal(request.Host))
        {
            return (StatusCodes.Status421MisdirectedRequest, "Without a token, the Host header must be localhost or an IP address.");
        }

        // Probes ask for health, and links from elsewhere open the page of the dashboard.
        if (endpoint?.Metadata.GetMetadata<AdminMetadata.WithoutToken>() is null && RefusesOrigin(request) is { } foreign)
        {
            return (StatusCodes.Status403Forbidden, foreign);
        }

        var needsNone = endpoint?.Metadata.GetMetadata<AdminMetadata.WithoutToken>() is not null;
        if (Lacks(context) is not { } lacking)
        {
            context.Features.Set(new AdminMetadata.Authorized());
        }
        else if (!needsNone)
        {
            Note(context);
            if (lacking == NoToken)
            {
                context.Response.Headers.WWWAuthenticate = Scheme.TrimEnd();
            }

            return (StatusCodes.Status401Unauthorized, lacking);
        }
        else if (request.Headers.Authorization.Count > 0)
        {
            Note(context); // a wrong token is logged even where none is required
        }

        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        {
            return null;
        }

        return !admin.AllowChanges && endpoint?.Metadata.GetMetadata<AdminMetadata.WithoutChange>() is null
                ? (StatusCodes.Status403Forbidden, "Changes are not allowed: Admin:AllowChanges is false.")
            // Browsers send the origin of the page; only the dashboard's own origin may change anything.
            : request.Headers.Origin is [var origin, ..] && origin != $"{request.Scheme}://{request.Host}"
                ? (StatusCodes.Status403Forbidden, "Changes are not allowed from pages of other origins.")
            : null;
    }

    // Browsers say by whose page a request was caused: "none" is the user, for example by the address bar. Other clients send neither header.
    private static string? RefusesOrigin(HttpRequest request) =>
        request.Headers[FetchSite] is { Count: > 0 } site && site is not ["same-origin" or "none"]
            ? $"Requests caused by pages of other origins are not allowed ({FetchSite})."
        : request.Headers.Origin is { Count: > 1 } || request.Headers.Origin.ToString().AsSpan().ContainsAny(' ', ',')
            ? "A request has at most one Origin."
        : null;

    // Returns what is missing. A client certificate, if present, was verified in the TLS handshake. If both are configured, both are required.
    private string? Lacks(HttpContext context)
    {
        if (_needsCertificate && context.Connection.ClientCertificate is null)
        {
            return "A client certificate is required.";
        }

        if (_token is not null && !HasToken(context, _token))
        {
            return NoToken;
        }

        return null;
    }

    private static bool IsLocal(HostString host) =>
        !host.HasValue || string.Equals(host.Host, "localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host.Host, out _);

    private static bool HasToken(HttpContext context, byte[] token)
    {
        var given = context.Request.Headers.Authorization.ToString();
        return given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Hash(given[Scheme.Length..].TrimStart(' ')), token);
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    // Logs at most one refusal in 10 s, so that a client that tries tokens cannot fill the log. The tokens themselves are not logged.
    private void Note(HttpContext context)
    {
        long others;
        lock (_gate)
        {
            if (_logged is { } logged && time.GetElapsedTime(logged) < _quiet)
            {
                _unlogged++;
                return;
            }

            (others, _logged, _unlogged) = (_unlogged, time.GetTimestamp(), 0);
        }

        Log.Refused(logger, context.Connection.RemoteIpAddress, others);
    }

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "A request from {Client} to the admin address was refused: no valid token or client certificate. Others since the last message: {Others}."
        )]
        public static partial void Refused(ILogger logger, IPAddress? client, long others);
    }
}
