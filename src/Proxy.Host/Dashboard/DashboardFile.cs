using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Proxy.Host.Dashboard;

/// <summary>A file of the dashboard. The files are embedded in the assembly, so that the program needs no other files.</summary>
/// <param name="Content">The content of the file.</param>
/// <param name="ContentType">The media type.</param>
/// <param name="Tag">The entity tag of the content (RFC 9110, 8.8.3).</param>
internal sealed record DashboardFile(byte[] Content, string ContentType, EntityTagHeaderValue Tag)
{
    public const string Index = "index.html";

    private const string Prefix = "dashboard/"; // the logical names in the project file

    // Allows scripts, styles and requests of this origin only; no inline code, no HTML made from strings, no embedding in other pages.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>Reads all files; the keys are their paths.</summary>
    public static FrozenDictionary<string, DashboardFile> ReadAll()
    {
        var types = new FileExtensionContentTypeProvider();
        return typeof(DashboardFile)
            .Assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(static name => name[Prefix.Length..], name => Read(name, types), StringComparer.Ordinal);
    }

    public Task WriteAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-cache"; // browsers revalidate each time: another version of the host has other files
        headers.ETag = Tag.ToString();
        if (
            context
                .Request.GetTypedHeaders()
                .IfNoneMatch.Any(tag => tag.Compare(Tag, useStrongComparison: false) || tag == EntityTagHeaderValue.Any)
        )
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        context.Response.ContentType = ContentType;
        context.Response.ContentLength = Content.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(Content).AsTask();
    }

    private static DashboardFile Read(string name, FileExtensionContentTypeProvider types)
    {
        using var stream = typeof(DashboardFile).Assembly.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        var type = types.TryGetContentType(name, out var found) ? found : "application/octet-stream";
        return new(
            content,
            type.StartsWith("text/", StringComparison.Ordinal) ? $"{type}; charset=utf-8" : type,
            new($"\"{Convert.ToHexStringLower(SHA256.HashData(content)[..12])}\"")
        );
    }
}
